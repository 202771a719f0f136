import { isDeepStrictEqual } from 'node:util';
import type { DirectoryFact } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { DirectoryStep } from '../planning/step.ts';
import type { Directories } from '../services/host.ts';
import { applied, type Effect, failed, refusedTo, type StepKind } from '../services/step-kind.ts';

const NEW_DIRECTORY_MODE = '0755';

export interface DirectoryPorts {
  directories: Directories;
  /** Who owns a new directory where the step does not say. */
  self: { uid: number; gid: number };
}

/** Makes, changes or removes one directory, never what stands in it. */
export function directoryKind({ directories, self }: DirectoryPorts): StepKind<DirectoryStep> {
  const look = ({ path }: DirectoryStep) => directories.fact(path);
  return {
    observe: look,
    capture: look,
    apply: async (step) => {
      const now = await look(step);
      if (!isDeepStrictEqual(now, step.before))
        return refusedTo('changed-since-plan', `${step.path} changed after the plan was made`);
      const wanted = wantedOf(step, self);
      if (isDeepStrictEqual(now, wanted)) return applied('was already so', seen(step, now));
      const obstacle = await turn(step.path, now, wanted, directories);
      if (obstacle) return refusedTo(obstacle.code, obstacle.message);
      return outcomeOf(step, wanted, await look(step));
    },
    undo: async (step, captured) => {
      const before = factOf(captured);
      const now = await look(step);
      if (isDeepStrictEqual(now, before)) return applied('as it was', seen(step, now));
      const obstacle = await turn(step.path, now, before, directories);
      if (obstacle) return failed('undo-failed', obstacle.message, seen(step, now, 'degraded'));
      return undoneTo(before, step, await look(step));
    },
    reconcile: async (step, captured) => {
      const now = await look(step);
      if (isDeepStrictEqual(now, wantedOf(step, self))) return 'done';
      return isDeepStrictEqual(now, captured) ? 'not-done' : 'unknown';
    },
    preview: async (step) => previewOf(step, wantedOf(step, self)),
  };
}

/** What `capture` returned, read back from the ledger. */
function factOf(captured: State): DirectoryFact {
  return captured as DirectoryFact;
}

interface Obstacle {
  code: string;
  message: string;
}

/** From one state to another, or what is in the way: then nothing has changed. */
async function turn(
  path: string,
  now: DirectoryFact,
  wanted: DirectoryFact,
  on: Directories,
): Promise<Obstacle | null> {
  if (!wanted.exists) return notEmpty(path, await on.remove(path));
  if (now.exists) await on.change(path, wanted);
  else if (!(await on.make(path, wanted))) return { code: 'changed-since-plan', message: `${path} is there meanwhile` };
  return null;
}

function notEmpty(path: string, [first, ...others]: readonly string[]): Obstacle | null {
  if (first === undefined) return null;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return { code: 'not-empty', message: `${path} is not empty: ${first}${more} in it` };
}

function wantedOf({ absent, mode, owner, before }: DirectoryStep, self: DirectoryPorts['self']): DirectoryFact {
  if (absent) return { exists: false };
  const { uid, gid } = owner ?? (before.exists ? before : self);
  return { exists: true, mode: mode ?? (before.exists ? before.mode : NEW_DIRECTORY_MODE), uid, gid };
}

function outcomeOf(step: DirectoryStep, wanted: DirectoryFact, left: DirectoryFact): Effect {
  if (isDeepStrictEqual(left, wanted)) return applied(`is ${textOf(left)}`, seen(step, left));
  const message = `${step.path} is ${textOf(left)}, not ${textOf(wanted)}`;
  return failed('not-as-planned', message, seen(step, left, 'down'));
}

function undoneTo(before: DirectoryFact, step: DirectoryStep, left: DirectoryFact): Effect {
  if (isDeepStrictEqual(left, before)) return applied('as it was', seen(step, left));
  const message = `${step.path} is ${textOf(left)}, and was ${textOf(before)}`;
  return failed('undo-failed', message, seen(step, left, 'down'));
}

function seen({ path }: DirectoryStep, left: DirectoryFact, status: 'healthy' | 'degraded' | 'down' = 'healthy') {
  return { left, health: [{ service: path, status, endpoint: `directory ${path}: ${textOf(left)}` }] };
}

const textOf = (fact: DirectoryFact): string =>
  fact.exists ? `mode ${fact.mode}, owner ${fact.uid}:${fact.gid}` : 'absent';

function previewOf({ path, before }: DirectoryStep, wanted: DirectoryFact): string {
  if (isDeepStrictEqual(before, wanted)) return `${path} is already so`;
  return `${path}: ${textOf(before)} -> ${textOf(wanted)}`;
}
