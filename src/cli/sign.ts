import { basename, dirname, extname, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { writeAtomically } from '../adapters/atomic-write.ts';
import { Role, utcTime } from '../contract/names.ts';
import type { Submission } from '../contract/task.ts';
import { OpsError } from '../errors.ts';
import { type Context, readInput } from './context.ts';
import { isSubmission, roleKey, signAs, submissionFrom } from './signing.ts';
import { print } from './terminal.ts';

const DEFAULT_EXPIRY_MS = 3600_000;

/** Whose request completes a task; the others sign what is complete. */
const REQUESTERS: ReadonlySet<Role> = new Set(['manager', 'operator', 'host']);

/** `ops sign --as <role> <file>`: adds a signature, and writes the job's data beside the task. */
export async function sign(context: Context, path: string, options: { as: string; key?: string }): Promise<void> {
  const role = Role.safeParse(options.as);
  if (!role.success) throw new OpsError(`--as: expected one of ${Role.options.join(', ')}, got ${options.as}`);
  const fills = REQUESTERS.has(role.data);
  const submission = fills ? await readSubmission(context, path) : await readSigned(path, role.data);
  const key = roleKey(context.config.home, role.data, options.key);
  const target = signedPath(path);
  const signed = await signAs(key, submission, context.clock.now());
  // Under sudo the folder may be somebody else's, with a link there that leads anywhere.
  await writeAtomically(target, `${JSON.stringify(signed, null, 2)}\n`, { mode: 0o600 });
  print(target);
}

/** Reads a task or a signed task; fills this host and an hour's expiry where a bare task says neither. */
export async function readSubmission(context: Context, path: string): Promise<Submission> {
  const expires_at = utcTime(context.clock.now() + DEFAULT_EXPIRY_MS);
  return submissionFrom(parsedFile(await readInput(path), path), path, { host: context.config.host.name, expires_at });
}

/** A second signature is of what the first one signed, or it would be of another task. */
async function readSigned(path: string, role: Role): Promise<Submission> {
  const value = parsedFile(await readInput(path), path);
  if (isSubmission(value)) return submissionFrom(value, path, {});
  throw new OpsError(
    `${path} is not signed yet: ops sign --as manager ${path}, then ops sign --as ${role} ${signedPath(path)}`,
  );
}

function parsedFile(text: string, path: string): unknown {
  try {
    return parseYaml(text, { schema: 'core' });
  } catch (error) {
    throw new OpsError(`${path} is neither YAML nor JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function signedPath(path: string): string {
  if (path.endsWith('.signed.json')) return path;
  return join(dirname(path), `${basename(path, extname(path))}.signed.json`);
}
