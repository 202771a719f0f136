import { hash } from 'node:crypto';
import {
  asBefore,
  back,
  checkSteps,
  commandIn,
  forward,
  linkStep,
  refuseMissing,
  restartStep,
  watchMsOf,
  watchSteps,
} from './deploy-steps.ts';
import type { AppFact, FileFact, HandOverFact, InstanceFact } from './facts.ts';
import { frontText, type HandOver, INSTANCES, type Instance, type InstanceName, type Place } from './place.ts';
import { PlanProblem } from './problem.ts';
import { serviceStep } from './service-step.ts';
import type { FileStep, Step } from './step.ts';

const DRAIN_MS = 30_000;

/** One of the two instances. */
type Side = Instance & InstanceFact & { name: InstanceName };

/** From which instance to which one requests are led. */
interface Change {
  place: Place;
  handOver: HandOver;
  /** What the front's file is. */
  file: FileFact;
  /** Answers now, if anything does. */
  last: Side;
  next: Side;
}

/**
 * Has the instance that answers nobody run a release, then the front lead requests to it, and ends the other one last of
 * all. So the way back begins with that one: it answers before any request is led to it again.
 * @throws PlanProblem where an instance is not there, or nobody knows to which one the front leads.
 */
export function handOverSteps(
  id: string,
  { place, current }: AppFact,
  handOver: HandOver,
  found: HandOverFact,
): Step[] {
  const change = changeOf(place, current, handOver, found);
  const { last, next } = change;
  const looks = runs(last) ? checkSteps(place).map(back) : [];
  return [
    ...looks,
    asBefore(next.service, next.stands),
    linkStep(`${place.root}/current-${next.name}`, id, next.leadsTo),
    restartStep(next.service, next.stands),
    ...checkSteps(next),
    ...looks,
    ...leadSteps(change),
    linkStep(`${place.root}/current`, id, current),
    ...checkSteps(place),
    ...watchSteps(place, next.service, Math.max(watchMsOf(place), drainMsOf(handOver))),
    ...endSteps(last),
    ...checkSteps(place),
  ];
}

/** The first time nothing answers, whatever the file says. */
function changeOf(place: Place, current: string | null, handOver: HandOver, { instances, file }: HandOverFact): Change {
  const led = INSTANCES.find((name) => file.exists && file.sha256 === hash('sha256', frontText(handOver, name)));
  if (!led && current !== null)
    throw new PlanProblem(
      'front-changed',
      `${handOver.front.file} leads to neither instance: write the text for the one that answers now into it`,
    );
  const side = (name: InstanceName): Side => ({ ...handOver.instances[name], ...instances[name], name });
  const [last, next] = led === 'a' ? [side('a'), side('b')] : [side('b'), side('a')];
  return { place, handOver, file, last, next };
}

const runs = ({ stands }: Side): boolean => stands.state === 'running';
const drainMsOf = ({ drain_ms = DRAIN_MS }: HandOver): number => drain_ms;

/** Back, requests that the new one has begun with end before it does. What the file was before may be nothing to read. */
function leadSteps({ place, handOver, file, last, next }: Change): Step[] {
  const { front } = handOver;
  const text = frontText(handOver, next.name);
  const title = `have ${front.file} lead to ${next.address}`;
  const content = { type: 'text', text } as const;
  const write: FileStep = { kind: 'file', target: front.file, title, path: front.file, content, ...KEPT, before: file };
  const drain = watchSteps({ ...place, watch: { ...place.watch, ...PATIENT } }, last.service, drainMsOf(handOver));
  return [
    ...(runs(last) ? drain.map(back) : []),
    ...(file.exists ? [back(reloadStep(handOver))] : []),
    write,
    forward(reloadStep(handOver)),
  ];
}

const KEPT = { mode: null, owner: null };
/** Whatever it sees, it waits: the checks after it tell. */
const PATIENT = { failures: 1, latency_ms: undefined };

/** It tells a program that runs outside of the sandbox. */
function reloadStep({ front: { reload } }: HandOver): Step {
  const step = commandIn('/', 'reload', reload, reload.writes ?? []);
  return { ...step, command: { ...step.command, outlives: true } };
}

function endSteps(last: Side): Step[] {
  const { service, stands } = last;
  refuseMissing(service, stands);
  return [
    ...(runs(last) ? checkSteps(last).map(back) : []),
    // However it stands by then: that it has ended by itself takes nothing back.
    { ...serviceStep('stop', service, stands), before: null },
  ];
}
