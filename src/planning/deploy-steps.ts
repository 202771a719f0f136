import { commandLine, commandSpec, probeStep } from './command.ts';
import type { ServiceFact } from './facts.ts';
import type { AppCommand, Place } from './place.ts';
import { PlanProblem } from './problem.ts';
import type { Release } from './release.ts';
import { type ServiceRef, serviceName } from './service.ts';
import { serviceStep } from './service-step.ts';
import type { CommandStep, LinkStep, ReleaseStep, Step, WatchStep } from './step.ts';

const WATCH_MS = 120_000;
const LOOK_EVERY_MS = 1_000;

export const forward = (step: Step): Step => ({ ...step, only: 'forward' });
export const back = (step: Step): Step => ({ ...step, title: `${step.title} on the way back`, only: 'back' });

/** What leads to one of a place's releases: `current`, and for a hand-over one link for each instance. */
export function linkStep(path: string, id: string, before: string | null): LinkStep {
  const title = `have ${path} lead to ${id}`;
  return { kind: 'link', target: path, title, path, wanted: `releases/${id}`, before: { target: before } };
}

/** @throws PlanProblem where a service is not there, or nobody knows how it stands. */
export function refuseMissing(ref: ServiceRef, service: ServiceFact): void {
  const name = serviceName(ref);
  if (service.state === 'unknown') throw new PlanProblem('service-unknown', `${name}: ${service.says}`);
  if (service.state === 'absent')
    throw new PlanProblem(
      'service-absent',
      `there is no ${name}: install it first (config.service.install, with stopped: true where its program comes with this deploy)`,
    );
}

/** It runs afterwards, whether it ran before or not. @throws PlanProblem where it is not there, or nobody knows. */
export function restartStep(ref: ServiceRef, service: ServiceFact): Step {
  refuseMissing(ref, service);
  return forward({ ...serviceStep('restart', ref, service), before: null });
}

/** For the way back. Another run of it where it ran, for it must run what is there now. */
export function asBefore(ref: ServiceRef, before: ServiceFact): Step {
  if (before.state === 'absent' || before.state === 'unknown' || before.state === 'running')
    return back({ ...serviceStep('restart', ref, before), before: null });
  const { state, enabled, definition } = before;
  return back({ ...serviceStep('stop', ref, before), before: null, after: { state, enabled, definition } });
}

export const checkSteps = ({ checks }: Pick<Place, 'checks'>): Step[] => checks.map(probeStep);

export const watchMsOf = ({ watch = {} }: Place): number => watch.for_ms ?? WATCH_MS;

/** None where it is to take no time. */
export function watchSteps({ watch = {}, checks }: Place, service: ServiceRef | null, forMs: number): WatchStep[] {
  if (forMs === 0) return [];
  const target = checks[0]?.service ?? '';
  const title = `watch ${target} for ${forMs / 1000} s`;
  const limits = { forMs, everyMs: watch.every_ms ?? LOOK_EVERY_MS, failures: watch.failures ?? 0 };
  return [{ kind: 'watch', target, title, checks, service, ...limits, latencyMs: watch.latency_ms ?? null }];
}

export function commandIn(cwd: string, what: string, command: AppCommand, writes: readonly string[]): CommandStep {
  const { argv, env, network, timeout_ms } = command;
  const resources = writes.map((path) => `path:${path}`);
  const spec = commandSpec({ cwd, env, network, timeout_ms, resources }, argv, '');
  const title = `${what}: ${commandLine(argv)}`;
  return { kind: 'command', target: argv[0] ?? '', title, command: spec, undo: null, guard: null };
}

export function recordStep(release: ReleaseStep['release'], path: string, state: Release['state']): ReleaseStep {
  const { app, environment, id, version } = release;
  const target = `release:${app}/${environment}/${id}`;
  const title = `${id} is ${state}`;
  return { kind: 'record', record: 'release', target, title, release: { app, environment, id, version }, path, state };
}
