import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { keyRingFile } from '../adapters/etc-files.ts';
import { verifyAudit } from '../adapters/ledger/audit.ts';
import type { KeyRing } from '../contract/keyring.ts';
import { type Evidence, verifyReport } from '../contract/report.ts';
import { coerceError, OpsError } from '../errors.ts';
import { type Context, readInput } from './context.ts';
import { print } from './terminal.ts';

/**
 * `ops audit verify [--against <file…>]`: whether nothing in the audit log was changed, added or cut off, as far as the
 * reports in this ledger can tell, and those that were kept elsewhere.
 */
export async function auditVerify(context: Context, { against = [] }: { against?: string[] }): Promise<void> {
  const { etc } = context.config.home;
  const texts = await Promise.all(against.map(async (path) => [path, await readKept(path)] as const));
  const kept = (
    await Promise.all(texts.map((file) => headsIn(file, keyRingFile(etc.keyring).current(), context)))
  ).flat();
  const own = context.ledger.reportedHeads();
  const verdict = verifyAudit(context.ledger.auditEntries(), [...own, ...kept]);
  if ('firstBad' in verdict)
    throw new OpsError(`the audit log was changed: entry ${verdict.firstBad} is not what it was`);
  if ('cutAfter' in verdict)
    throw new OpsError(`the audit log was cut off after entry ${verdict.cutAfter}: reports name later ones`);
  const agreeing = `${own.length} reports and alerts here, ${kept.length} reports kept elsewhere`;
  print(`${verdict.whole} entries, whole; head ${verdict.head}; it agrees with ${agreeing}`);
}

const readKept = (path: string): Promise<string> => (path === '-' ? text(process.stdin) : readInput(path));

/** The heads in the reports of a file, which this host must have signed. */
async function headsIn(
  [path, content]: readonly [string, string],
  ring: KeyRing,
  { config }: Context,
): Promise<Evidence['audit'][]> {
  const heads: Evidence['audit'][] = [];
  for (const [index, item] of valuesIn(content, path).entries()) {
    const name = `${path}, report ${index + 1}`;
    const { evidence } = await verifyReport(item, ring).catch((error: unknown) => {
      throw new OpsError(`${name} proves nothing: ${problemOf(error)}`);
    });
    if (evidence.host !== config.host.name) throw new OpsError(`${name} is of the host ${evidence.host}`);
    heads.push(evidence.audit);
  }
  return heads;
}

/** One value, an array of them, or one a line. */
function valuesIn(content: string, path: string): unknown[] {
  const whole = jsonIn(content);
  if (whole) return [whole.value].flat();
  const lines = content.split('\n').filter((line) => line.trim() !== '');
  const values = lines.map(jsonIn).filter((line) => line !== null);
  if (values.length === lines.length && lines.length > 0) return values.map(({ value }) => value);
  throw new OpsError(`${path}: expected the data of jobs of the results queue as JSON: one, an array, or one a line`);
}

function jsonIn(line: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(line) };
  } catch {
    return null;
  }
}

const problemOf = (error: unknown): string =>
  error instanceof z.ZodError ? z.prettifyError(error) : coerceError(error).message;
