import { digestOf } from '../../src/contract/digest.ts';
import { defineAction } from '../../src/planning/action.ts';
import type { SchedulesFact } from '../../src/planning/facts.ts';
import { addressNeeds } from '../../src/planning/reach.ts';
import { Definition, dependenciesOf, MAX_VALID_MS, requestsOf } from '../../src/schedule/definition.ts';
import { scheduleStep, scheduleTraits } from './schedule.ts';

type Queries = { row: { ask: 'schedule'; name: string }; host: { ask: 'schedules' } };

export const define = defineAction<Definition, Queries>({
  ...scheduleTraits,
  summary:
    'Defines a schedule, or defines it anew. What it runs is approved with it, and stays put off until it is due.',
  undo: 'brings back the definition as it was, or none',
  input: Definition,
  resources: ({ name }) => [`schedule:${name}`],
  needs: ({ heartbeat }) => (heartbeat === undefined ? [] : addressNeeds(heartbeat)),
  subjects: ({ name }) => [`schedule:${name}`],
  environment: ({ environment }) => environment,
  later: requestsOf,
  facts: ({ name }) => ({ row: { ask: 'schedule', name }, host: { ask: 'schedules' } }),
  plan: (definition, { row, host }) => {
    refuseUnfit(definition, host);
    const { name, pattern, time_zone } = definition;
    const after = { definition, digest: digestOf(definition), paused: row.exists ? row.paused : '' };
    return [scheduleStep(name, `define ${name} (${pattern}, ${time_zone})`, row, after)];
  },
});

function refuseUnfit(definition: Definition, host: SchedulesFact): void {
  const { name, valid_until } = definition;
  const left = Date.parse(valid_until) - host.now;
  if (left <= 0) throw new Error(`${name} would be valid until ${valid_until}, which is over`);
  if (left > MAX_VALID_MS) throw new Error(`${name} would be valid until ${valid_until}, more than 400 days from now`);
  const others = host.schedules.filter((other) => other.name !== name);
  const known = new Map(others.map((other) => [other.name, other.dependsOn]));
  for (const needed of dependenciesOf(definition)) {
    if (!known.has(needed))
      throw new Error(`${name} depends on ${needed}, which is no schedule here: define that first`);
    if (needs(needed, name, known)) throw new Error(`${name} depends on ${needed}, which depends on ${name}`);
  }
}

/** Whether one depends on the other, also by way of others. */
function needs(from: string, to: string, known: ReadonlyMap<string, readonly string[]>): boolean {
  const seen = new Set<string>();
  const todo = [from];
  for (const name of todo) {
    if (name === to) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    todo.push(...(known.get(name) ?? []));
  }
  return false;
}
