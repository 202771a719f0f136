import { hash } from 'node:crypto';
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { OpsError } from '../errors.ts';
import { type FileFact, sameFile } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { FileStep } from '../planning/step.ts';
import type { Files, Snapshots } from '../services/ports.ts';
import { applied, type Effect, failed, refusedTo, type StepKind } from '../services/step-kind.ts';

const NEW_FILE_MODE = '0644';

export interface FilePorts {
  files: Files;
  snapshots: Snapshots;
  /** Who owns a new file where the step does not say. */
  self: { uid: number; gid: number };
}

/** Writes one file as a whole; its undo puts the snapshot back, or removes it. */
export function fileKind({ files, snapshots, self }: FilePorts): StepKind<FileStep> {
  return {
    observe: ({ path }) => files.fact(path),
    capture: ({ path }) => keptFact(path, files, snapshots),
    apply: async (step) => {
      const now = await files.fact(step.path);
      if (!sameFile(now, step.before))
        return refusedTo('changed-since-plan', `${step.path} changed after the plan was made`);
      const wanted = wantedOf(step, self);
      if (sameFile(now, wanted)) return applied('was already so', { left: now });
      await files.write(step.path, step.content.text, wanted.mode, wanted);
      const left = await files.fact(step.path);
      if (sameFile(left, wanted)) return applied('written', { left });
      return failed('not-as-planned', `${step.path} was written, but its owner, mode or content is another one`, {
        left,
      });
    },
    undo: async (step, captured) => {
      const before = factOf(captured);
      if (sameFile(await files.fact(step.path), before)) return restored(step, before, before);
      if (before.exists) await files.write(step.path, await snapshots.get(before.sha256), before.mode, before);
      else await files.remove(step.path);
      return restored(step, before, await files.fact(step.path));
    },
    reconcile: async (step, captured) => {
      const now = await files.fact(step.path);
      if (sameFile(now, wantedOf(step, self))) return 'done';
      return sameFile(now, factOf(captured)) ? 'not-done' : 'unknown';
    },
    preview: async (step) => {
      const before = step.before.exists ? (await files.read(step.path)).toString() : '';
      return previewOf(step, before, wantedOf(step, self));
    },
  };
}

async function keptFact(path: string, files: Files, snapshots: Snapshots): Promise<FileFact> {
  const fact = await files.fact(path);
  // Its undo would look for what was not kept.
  if (fact.exists && (await snapshots.keep(await files.read(path))) !== fact.sha256)
    throw new OpsError(`${path} changed while it was read`);
  return fact;
}

type PresentFile = Extract<FileFact, { exists: true }>;

function wantedOf({ content, mode, owner, before }: FileStep, self: FilePorts['self']): PresentFile {
  const { uid, gid } = owner ?? (before.exists ? before : self);
  const present = before.exists ? before.mode : NEW_FILE_MODE;
  return { exists: true, sha256: hash('sha256', content.text), mode: mode ?? present, uid, gid };
}

/** What `capture` returned, read back from the ledger. */
function factOf(captured: State): FileFact {
  return captured as FileFact;
}

function restored({ path }: FileStep, before: FileFact, now: FileFact): Effect {
  const as = before.exists ? 'as it was' : 'gone again';
  const health = { service: path, endpoint: `file ${path} ${as}` };
  if (sameFile(now, before)) return applied(as, { left: now, health: [{ ...health, status: 'healthy' }] });
  return failed('undo-failed', `${path} is not ${as}`, { left: now, health: [{ ...health, status: 'down' }] });
}

function previewOf({ path, content, before }: FileStep, present: string, wanted: PresentFile): string {
  const lines: string[] = [];
  if (!before.exists || before.mode !== wanted.mode) lines.push(`mode ${wanted.mode}`);
  if (!before.exists || before.uid !== wanted.uid || before.gid !== wanted.gid)
    lines.push(`owner ${wanted.uid}:${wanted.gid}`);
  if (!before.exists || before.sha256 !== wanted.sha256)
    lines.push(diffOf(before.exists ? path : '/dev/null', path, present, content.text));
  return lines.length > 0 ? lines.join('\n') : `${path} is already so`;
}

function diffOf(from: string, to: string, before: string, after: string): string {
  const options = { headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(from, to, before, after, undefined, undefined, options).trimEnd();
}
