import { binaryNeed, NETWORK, partsOf } from '../contract/need.ts';
import type { BoundAction } from './action.ts';
import type { FactOf, FactQueries, FactQuery } from './facts.ts';
import type { Probe } from './probe.ts';
import { probeNeeds } from './reach.ts';
import { type Naming, overlap, WHOLE_HOST } from './resources.ts';
import type { PlannedStep } from './step.ts';

/** The answers to one action's queries. */
export type Answers = Readonly<Record<string, FactOf[FactQuery['ask']]>>;

/** What must be known before the run plan can be made: one set of queries for each action. */
export function queriesOf(actions: readonly BoundAction[]): FactQueries[] {
  return actions.map(({ action, input }) => action.facts(input));
}

/** The ordered steps that the actions become, given the facts (one set of answers for each action). */
export function runPlan(actions: readonly BoundAction[], answers: readonly Answers[]): PlannedStep[] {
  const steps = actions.flatMap(({ action, input }, index) =>
    action.plan(input, answers[index] ?? {}).map((step) => ({ action: index + 1, step })),
  );
  return steps.map((step, index) => ({ n: index + 1, ...step }));
}

/** What the task needs for itself while it runs. */
export function resourcesOf(actions: readonly BoundAction[]): string[] {
  const names = new Set(actions.flatMap(({ action, input }) => action.resources(input)));
  return names.has(WHOLE_HOST) ? [WHOLE_HOST] : [...names];
}

/** What a veto can name in them, and in what they will have done later. */
export function subjectsOf(actions: readonly BoundAction[]): string[] {
  return actions.flatMap(({ action, input, later }) => [...action.subjects(input), ...subjectsOf(later)]);
}

/** The resource that two of the actions both name, or two that one of them puts off, if any: such a task must be split. */
export function overlapOf(actions: readonly BoundAction[]): string | undefined {
  const own = overlap(actions.map(namingOf));
  return own ?? actions.map(({ later }) => overlapOf(later)).find((resource) => resource !== undefined);
}

function namingOf({ action, input }: BoundAction): Naming {
  const asks = Object.values(action.facts(input)).some(({ ask }) => ask !== 'sandbox');
  return { names: action.resources(input), asks };
}

interface Permission {
  name: string;
  changes: boolean;
  /** What of the host it touches. */
  needs: readonly string[];
}

/**
 * What policy must allow for it: itself, and what it will have done later. A health check that runs a command is a
 * command, under whatever name it comes.
 */
export function permissionsOf({ name, action, input, later }: BoundAction): Permission[] {
  const check = action.check(input);
  const needs = [...action.needs(input), ...(check ? probeNeeds(check) : [])];
  const own = { name, changes: action.changes, needs: [...new Set(needs)] };
  const looks = check?.type === 'command' ? [probePermission(check)] : [];
  return [own, ...later.flatMap(permissionsOf), ...looks];
}

/** The paths that they may change something in, and what they will have done later. */
export function pathsOf(actions: readonly BoundAction[]): string[] {
  const needs = actions.flatMap(permissionsOf).flatMap((permission) => permission.needs);
  return [...new Set(needs)].map(partsOf).flatMap(({ kind, name }) => (kind === 'path' ? [name] : []));
}

function probePermission({ argv, network }: Extract<Probe, { type: 'command' }>): Permission {
  const needs = [binaryNeed(argv), ...(network ? [NETWORK] : [])];
  return { name: 'infra.command', changes: true, needs };
}
