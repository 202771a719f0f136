import { join } from 'node:path';
import { z } from 'zod';
import { keyRingFile, readRoleKey } from '../adapters/etc-files.ts';
import { attest } from '../contract/attestation.ts';
import { outOfBounds, TASK_BOUNDS } from '../contract/bounds.ts';
import { openToken } from '../contract/jws.ts';
import type { RoleKey } from '../contract/keyring.ts';
import { literalSecretsIn, literalSecretText } from '../contract/literal-secret.ts';
import type { Role } from '../contract/names.ts';
import { parseTask, Submission, type Task } from '../contract/task.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';

/** How long a signature made here is good for. */
export const SIGNATURE_MS = 24 * 3600_000;

/** Where `ops keys init` puts a role's private key. */
export function keyPath(home: Home, role: Role): string {
  if (role === 'operator') return home.etc.operatorKey;
  return role === 'host' ? home.var.hostKey : join(home.keys, `${role}.jwk`);
}

/** Reads the key with which to sign as `role`. */
export function roleKey(home: Home, role: Role, path?: string): RoleKey {
  const file = path ?? keyPath(home, role);
  const key = readRoleKey(file);
  if (key.role !== role) throw new OpsError(`the key ${file} is ${key.principal}'s as ${key.role}, not as ${role}`);
  const { keys } = keyRingFile(home.etc.keyring).current();
  if (!keys.some(({ kid }) => kid === key.kid))
    throw new OpsError(`the key ${file} is not in ${home.etc.keyring}: nobody would believe it`);
  return key;
}

/** Adds a role's signature to a submission, in the place of an earlier one by the same key. */
export async function signAs(key: RoleKey, submission: Submission, now: number): Promise<Submission> {
  const token = await attest(key, {
    covers: { task: submission.task },
    issuedAt: new Date(now),
    validForMs: SIGNATURE_MS,
  });
  return { task: submission.task, attestations: [...submission.attestations.filter((it) => !isBy(it, key)), token] };
}

/** Whose signature a token says it is. */
function isBy(token: string, key: RoleKey): boolean {
  const opened = openToken(token);
  return 'kid' in opened && opened.kid === key.kid;
}

/** A task with signatures, as `ops sign` writes it. */
export function isSubmission(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'attestations' in value;
}

/** @throws OpsError naming the fields that are wrong, and the places of secrets. */
export function checkedTask(value: unknown, source: string): Task {
  const problem = outOfBounds(value, TASK_BOUNDS);
  if (problem) throw new OpsError(`${source}: ${problem.message}`);
  const parsed = parseTask(value);
  if (!parsed.success) throw new OpsError(`${source} is no task:\n${z.prettifyError(parsed.error)}`);
  return withoutSecrets(parsed.data, source);
}

/** The host would refuse it, too, but then its secret has been in Redis. */
function withoutSecrets(task: Task, source: string): Task {
  const found = literalSecretsIn(task);
  if (found.length > 0) throw new OpsError(`${source}: ${literalSecretText(found)}`);
  return task;
}

/** A task in YAML or JSON, or a submission that `ops sign` wrote. Manager's defaults fill a bare task. */
export function submissionFrom(
  value: unknown,
  source: string,
  defaults: { host?: string; expires_at?: string },
): Submission {
  if (typeof value !== 'object' || value === null) throw new OpsError(`${source} is no task`);
  if (isSubmission(value)) {
    const parsed = Submission.safeParse(value);
    if (!parsed.success) throw new OpsError(`${source} is no signed task:\n${z.prettifyError(parsed.error)}`);
    withoutSecrets(parsed.data.task, source);
    return parsed.data;
  }
  return { task: checkedTask({ ...defaults, ...value }, source), attestations: [] };
}
