import { coerceError, OpsError } from '../errors.ts';
import type { ContainerGoal, Readiness } from '../planning/container.ts';
import { type ContainerSpec, keptName, mayRunBeside, specDigest } from '../planning/container.ts';
import type { ContainerFact } from '../planning/facts.ts';
import { isSecretRef } from '../planning/secret-ref.ts';
import type { ContainerStep } from '../planning/step.ts';
import type { Container, Containers } from '../services/containers.ts';
import type { Clock, Prober, Secrets } from '../services/ports.ts';
import type { StepContext } from '../services/step-kind.ts';

export interface ContainerPorts {
  containers: Containers;
  secrets: Secrets;
  prober: Prober;
  clock: Clock;
}

/** How long one must run that nothing else is known of. */
const STEADY_MS = 3_000;
const INTERVAL_MS = 500;
/** An engine gives a container 10 s to end. */
const SETTLE_MS = 60_000;

type RunningGoal = Extract<ContainerGoal, { state: 'running' }>;

/**
 * Has the container of a name be as told. What was there is put aside, and stays there for an undo.
 * @throws OpsError where it does not come to that: then something may be half done, and `bringBack` is due.
 */
export async function bringAbout(
  { name, goal }: ContainerStep,
  now: Container | null,
  context: StepContext,
  ports: ContainerPorts,
): Promise<void> {
  const { containers } = ports;
  if (goal.state === 'running') await run(name, goal, now, context, ports);
  else if (now && goal.state === 'gone') await containers.remove(now.id);
  else if (now) {
    await containers.stop(now.id);
    if (goal.state === 'absent') await containers.rename(now.id, keptName(name, context.work));
  }
}

async function run(
  name: string,
  goal: RunningGoal,
  now: Container | null,
  context: StepContext,
  ports: ContainerPorts,
): Promise<void> {
  const { containers } = ports;
  if (now?.spec === specDigest(goal.spec)) {
    await containers.start(now.id);
    return succeed(now, null, goal.ready, context, ports);
  }
  const env = await valuesOf(goal.spec, context, ports.secrets);
  if (now) await containers.rename(now.id, keptName(name, context.work));
  const id = await containers.create(goal.spec, env, context.work);
  // Where both may run, the one before serves until its successor does.
  const beside = now && mayRunBeside(goal.spec, now) ? now : null;
  if (now && !beside) await containers.stop(now.id);
  await containers.start(id);
  await succeed({ id, restarts: 0 }, beside, goal.ready, context, ports);
}

/**
 * Waits until the container that was started is well, and only then ends the one that still runs beside it.
 * @throws OpsError that says why it is not well.
 */
export async function succeed(
  started: Pick<Container, 'id' | 'restarts'>,
  beside: Pick<Container, 'id'> | null,
  ready: Readiness,
  context: StepContext,
  ports: ContainerPorts,
): Promise<void> {
  await becomesWell(started, ready, context, ports);
  if (beside) await ports.containers.stop(beside.id);
}

async function valuesOf(
  { env = {} }: ContainerSpec,
  { task_id, n, signal }: StepContext,
  secrets: Secrets,
): Promise<Record<string, string>> {
  const valueOf = (text: string) => (isSecretRef(text) ? secrets.fetch(text, { task_id, step: n, signal }) : text);
  const entries = Object.entries(env).map(async ([name, text]) => [name, await valueOf(text)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** @throws OpsError that says why it is not well. */
async function becomesWell(
  started: Pick<Container, 'id' | 'restarts'>,
  ready: Readiness,
  { signal }: StepContext,
  ports: ContainerPorts,
): Promise<void> {
  const { clock } = ports;
  const began = clock.monotonic();
  for (;;) {
    const runsForMs = clock.monotonic() - began;
    const problem = await problemOf(started, ready, runsForMs, signal, ports);
    if (problem === null) return;
    if (signal.aborted) throw new OpsError('it was broken off before it was well');
    if (runsForMs >= ready.withinMs) throw new OpsError(`not well within ${ready.withinMs} ms: ${problem}`);
    await clock.wait(INTERVAL_MS, signal);
  }
}

/** Why it is not well yet; null where it is. @throws OpsError where it will never be. */
async function problemOf(
  started: Pick<Container, 'id' | 'restarts'>,
  { command, check }: Readiness,
  runsForMs: number,
  signal: AbortSignal,
  { containers, prober }: ContainerPorts,
): Promise<string | null> {
  const now = await containers.find(started.id);
  if (!now) throw new OpsError('it is gone');
  if (now.restarts > started.restarts) throw new OpsError('it ended, and its restart policy started it again');
  if (!now.running) throw new OpsError(`it ended with exit code ${now.exitCode}`);
  const failure = command && (await containers.failureOf(now.id, command));
  if (failure) return failure;
  if (!check) return command || runsForMs >= STEADY_MS ? null : `it runs for ${Math.round(runsForMs)} ms`;
  const { status, detail } = await prober.look(check, signal);
  return status === 'healthy' ? null : `${check.service} is ${status}: ${detail}`;
}

/** Waits for what a daemon ordered and did not live to see. @throws OpsError where that does not end. */
export async function settle(
  name: string,
  before: ContainerFact,
  signal: AbortSignal,
  { containers, clock }: ContainerPorts,
): Promise<void> {
  const began = clock.monotonic();
  const now = await containers.find(name);
  const ids = [...(before.exists ? [before.id] : []), ...(now ? [now.id] : [])];
  while (await containers.isUnderWay(name, ids)) {
    if (clock.monotonic() - began > SETTLE_MS) throw new OpsError(`an order to the container ${name} does not end`);
    await clock.wait(INTERVAL_MS, signal);
  }
}

/**
 * Undoes what a task made of the container of a name, whatever of it was done. Does nothing where that is as it was.
 * @throws OpsError where that cannot be; then nothing is lost that was there.
 */
export async function bringBack(
  name: string,
  before: ContainerFact,
  work: string,
  containers: Containers,
): Promise<void> {
  const kept = before.exists ? await containers.find(before.id) : null;
  if (before.exists && !kept) throw new OpsError(`the container ${shortId(before.id)} that was ${name} is gone`);
  const now = await containers.find(name);
  if (now && now.id !== kept?.id) {
    if (now.task !== work) throw new OpsError(`${name} is another container now, which this task did not make`);
    await containers.stop(now.id);
    await containers.remove(now.id);
  }
  if (!before.exists || !kept) return;
  if (kept.name !== name) await containers.rename(kept.id, name);
  if (before.running && !kept.running) await containers.start(kept.id);
  if (!before.running && kept.running) await containers.stop(kept.id);
}

export const shortId = (id: string): string => id.slice(0, 12);

/** `null`, or why not. */
export const failureOf = (change: Promise<void>): Promise<string | null> =>
  change.then(
    () => null,
    (error: unknown) => coerceError(error).message,
  );
