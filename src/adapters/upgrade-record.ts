import { link, lstat, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { OpsError } from '../errors.ts';
import { sameStart } from '../runner/process-table.ts';
import { syncDirectory, writeAtomically } from './atomic-write.ts';
import { readBootId, readProcesses } from './processes.ts';
import { madeNew } from './way.ts';

const Record = z.object({
  task_id: z.string(),
  from: z.string(),
  version: z.string(),
  /** Who is at it. */
  by: z.object({ pid: z.int(), start: z.number(), boot_id: z.string() }),
  end: z.object({ outcome: z.enum(['upgraded', 'as-before', 'unclear']), message: z.string() }).nullable(),
});
type Record = z.infer<typeof Record>;
export type UpgradeEnd = NonNullable<Record['end']>;

const fileOf = (folder: string, digest: string): string => join(folder, `${digest.replace('sha256:', '')}.json`);

/** Null where root has not begun it. @throws OpsError where the record is none of root's. */
export async function readUpgrade(folder: string, digest: string): Promise<Record | null> {
  const path = fileOf(folder, digest);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot read ${path}: ${error.message}`, { cause: error });
  });
  if (text === null) return null;
  const record = Record.safeParse(JSON.parse(text));
  if (record.success) return record.data;
  throw new OpsError(`${path} is no record of an upgrade: ${z.prettifyError(record.error)}`);
}

/**
 * Notes that this process is at the upgrade of a task, on the disk before anything is done. By its record a task is used
 * up, for ever. Returns what writes the end.
 * @throws OpsError where it was begun before.
 */
export async function noteUpgrade(
  folder: string,
  digest: string,
  what: Pick<Record, 'task_id' | 'from' | 'version'>,
): Promise<(end: UpgradeEnd) => Promise<void>> {
  await ownFolder(folder);
  const path = fileOf(folder, digest);
  const record: Record = { ...what, by: await thisProcess(), end: null };
  if (!(await writeOnce(path, record)))
    throw new OpsError(`${what.task_id} was used already: ${path} says what came of it`);
  return (end) => writeAtomically(path, JSON.stringify({ ...record, end }), { mode: 0o644 });
}

/** Whole from its first moment on. False where it is there. */
async function writeOnce(path: string, record: Record): Promise<boolean> {
  const next = `${path}.${record.by.pid}.next`;
  await writeAtomically(next, JSON.stringify(record), { mode: 0o644 });
  try {
    const isNew = await madeNew(link(next, path));
    await syncDirectory(dirname(path));
    return isNew;
  } finally {
    await rm(next);
  }
}

/** Who could write into it could have a task used twice. */
async function ownFolder(folder: string): Promise<void> {
  await madeNew(mkdir(folder, { mode: 0o755 }));
  const entry = await lstat(folder);
  if (entry.isDirectory() && entry.uid === 0 && (entry.mode & 0o022) === 0) return;
  throw new OpsError(`${folder} is not root's alone: look what it is, and remove it`);
}

async function thisProcess(): Promise<Record['by']> {
  const own = (await readProcesses()).find(({ pid }) => pid === process.pid);
  return { pid: process.pid, start: own?.start ?? 0, boot_id: await readBootId() };
}

/** Whether who began it still lives. */
export async function isAtWork({ by: { pid, start, boot_id } }: Record): Promise<boolean> {
  if (boot_id !== (await readBootId())) return false;
  return (await readProcesses()).some((one) => one.pid === pid && !one.zombie && sameStart(one.start, start));
}
