import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { coerceError, OpsError } from '../errors.ts';
import {
  type Content,
  ContentError,
  isWhole,
  oneByOne,
  type SecretValues,
  secretRefsOf,
} from '../planning/content/content.ts';
import { type Rendered, rendered } from '../planning/content/render.ts';
import { type FileFact, isOpenToAll, type PresentFile, sameFile } from '../planning/facts.ts';
import type { State } from '../planning/record.ts';
import type { FileStep } from '../planning/step.ts';
import type { Files, Snapshots } from '../services/host.ts';
import type { Secrets } from '../services/ports.ts';
import {
  applied,
  type Done,
  type Effect,
  failed,
  refusedTo,
  type StepContext,
  type StepKind,
} from '../services/step-kind.ts';
import { previewOf } from './file-preview.ts';

const NEW_FILE_MODE = '0644';
const SECRET_FILE_MODE = '0600';

export interface FilePorts {
  files: Files;
  snapshots: Snapshots;
  secrets: Secrets;
  /** Who owns a new file where the step does not say. */
  self: { uid: number; gid: number };
}

/**
 * Brings a content into one file; its undo puts the snapshot back, or removes it. What the file is to hold is worked out
 * when it is written, from what it holds and from secrets: neither of them is in the step.
 */
export function fileKind(ports: FilePorts): StepKind<FileStep> {
  const { files, snapshots, self } = ports;
  return {
    observe: ({ path }) => files.fact(path),
    capture: ({ path }) => keptFact(path, files, snapshots),
    apply: (step, context) => apply(step, context, ports),
    undo: async (step, captured) => {
      const before = factOf(captured);
      if (sameFile(await files.fact(step.path), before)) return restored(step, before, before);
      if (before.exists) await files.write(step.path, await snapshots.get(before.sha256), before.mode, before);
      else await files.remove(step.path);
      return restored(step, before, await files.fact(step.path));
    },
    reconcile: async (step, captured, context) => {
      const [now, before] = [await files.fact(step.path), factOf(captured)];
      if (sameFile(now, before)) return 'not-done';
      const present = before.exists ? await snapshots.get(before.sha256) : NOTHING;
      const next = await inTurns(present, step.content, await fetched(step, context, ports));
      return sameFile(now, wantedOf(step, next.text, self)) ? told(step.path, next) : 'unknown';
    },
    preview: async (step) => {
      const present = step.before.exists ? await files.read(step.path) : NOTHING;
      const secrets = secretRefsOf(step.content);
      // Nothing is fetched for a preview: a reference stands for its value.
      const next = await attempted(step, present, new Map(secrets.map((ref) => [ref, ref])));
      if ('outcome' in next) return `would be refused: ${next.message}`;
      return previewOf(step, {
        present: present.toString(),
        next: next.text,
        wanted: wantedOf(step, next.text, self),
        secrets,
      });
    },
  };
}

const NOTHING = Buffer.alloc(0);

async function apply(step: FileStep, context: StepContext, ports: FilePorts): Promise<Effect> {
  const { path, content, before } = step;
  const now = await ports.files.fact(path);
  const present = now.exists && !isWhole(content) ? await ports.files.read(path) : null;
  const isAsPlanned =
    sameFile(now, before) && (!present || (before.exists && hash('sha256', present) === before.sha256));
  if (!isAsPlanned) return refusedTo('changed-since-plan', `${path} changed after the plan was made`);
  const secrets = await fetched(step, context, ports).catch(coerceError);
  if (secrets instanceof Error) return refusedTo('secret', secrets.message);
  const next = await attempted(step, present ?? NOTHING, secrets);
  return 'outcome' in next ? next : written(step, now, next, ports);
}

/** Between one change and the next the daemon gets to its other work. */
async function inTurns(present: Uint8Array, content: Content, secrets: SecretValues): Promise<Rendered> {
  const all: Rendered = { text: '', environment: [] };
  let before = present;
  for (const change of oneByOne(content)) {
    const { text, environment } = rendered(before, change, secrets);
    all.environment.push(...environment);
    all.text = text;
    before = Buffer.from(text);
    await nextTurn();
  }
  return all;
}

async function attempted(
  { path, content }: FileStep,
  present: Uint8Array,
  secrets: SecretValues,
): Promise<Rendered | Effect> {
  try {
    return await inTurns(present, content, secrets);
  } catch (error) {
    if (error instanceof ContentError) return refusedTo('cannot-edit', `${path}: ${error.message}`);
    throw error;
  }
}

async function written(step: FileStep, now: FileFact, next: Rendered, { files, self }: FilePorts): Promise<Effect> {
  const { path } = step;
  const wanted = wantedOf(step, next.text, self);
  if (sameFile(now, wanted)) return applied('was already so', { left: now, ...told(path, next) });
  await files.write(path, next.text, wanted.mode, wanted);
  const left = await files.fact(path);
  if (sameFile(left, wanted)) return applied('written', { left, ...told(path, next) });
  const message = `${path} was written, but its owner, mode or content is another one`;
  return failed('not-as-planned', message, { left, ...told(path, next, 'down') });
}

/** What a report says of the file. */
const told = (path: string, { environment }: Rendered, status: 'healthy' | 'down' = 'healthy'): Done => ({
  health: [{ service: path, endpoint: `file ${path}`, status }],
  environment,
});

/** The secrets of a content, as they are now. */
async function fetched({ content }: FileStep, context: StepContext, { secrets }: FilePorts): Promise<SecretValues> {
  const { task_id, n: step, signal } = context;
  const values = secretRefsOf(content).map(
    async (ref) => [ref, await secrets.fetch(ref, { task_id, step, signal })] as const,
  );
  return new Map(await Promise.all(values));
}

async function keptFact(path: string, files: Files, snapshots: Snapshots): Promise<FileFact> {
  const fact = await files.fact(path);
  // Its undo would look for what was not kept.
  if (fact.exists && (await snapshots.keep(await files.read(path))) !== fact.sha256)
    throw new OpsError(`${path} changed while it was read`);
  return fact;
}

function wantedOf(step: FileStep, text: string, self: FilePorts['self']): PresentFile {
  const { uid, gid } = step.owner ?? (step.before.exists ? step.before : self);
  return { exists: true, sha256: hash('sha256', text), mode: modeOf(step), uid, gid };
}

/** What holds a secret is nobody else's to read, unless the step says who may. */
function modeOf({ mode, content, before }: FileStep): string {
  const present = before.exists ? before.mode : NEW_FILE_MODE;
  const isTooOpen = secretRefsOf(content).length > 0 && isOpenToAll(present);
  return mode ?? (isTooOpen ? SECRET_FILE_MODE : present);
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
