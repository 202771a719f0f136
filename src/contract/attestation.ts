import { z } from 'zod';
import { taskDigest } from './digest.ts';
import { signToken, TOKEN_TYPES } from './jws.ts';
import type { RoleKey } from './keyring.ts';
import { Digest, PlanId, Principal, Role, TaskId } from './names.ts';
import type { Task } from './task.ts';

export const Decision = z.enum(['requested', 'approved', 'cleared']);
export type Decision = z.infer<typeof Decision>;

const seconds = z.int().min(0);
const signer = { iss: Principal, role: Role, decision: Decision, iat: seconds, exp: seconds };
const workflow = { security: z.literal('not-in-workflow').optional() };

const TaskAttestation = z.strictObject({ ...signer, ...workflow, sub: TaskId, digest: Digest });
const PlanAttestation = z.strictObject({ ...signer, ...workflow, sub: PlanId, tasks: z.array(Digest).min(1).max(200) });

/** The claims of an attestation: a role's statement about one task's digest, or about a plan that lists it. */
export const Attestation = z
  .union([TaskAttestation, PlanAttestation])
  .refine((claims) => claims.security === undefined || claims.decision === 'approved', {
    message: 'only an approval may say security: not-in-workflow',
  });
export type Attestation = z.infer<typeof Attestation>;

/** What each role may say. */
export const DECISION_OF: Record<Role, Decision> = {
  manager: 'requested',
  operator: 'requested',
  host: 'requested',
  'plan-review': 'approved',
  security: 'cleared',
};

/** The longest validity of a token, and how far a signer's clock may run ahead. */
export const TOKEN_MAX_AGE_MS = 7 * 24 * 3600 * 1000;
export const CLOCK_SKEW_MS = 60 * 1000;

export interface Statement {
  covers: { task: Task } | { plan_id: string; tasks: string[] };
  issuedAt: Date;
  /** At most `TOKEN_MAX_AGE_MS`. */
  validForMs: number;
  /** On an approval only: PlanReview says that this workflow has no Security step. */
  security?: 'not-in-workflow';
}

/**
 * Signs what `key`'s role may say (`DECISION_OF`) about a task or a plan: a compact JWS for `attestations`.
 * @throws if the claims would not be valid, e.g. more than 200 digests.
 */
export async function attest(key: RoleKey, statement: Statement): Promise<string> {
  const iat = Math.floor(statement.issuedAt.getTime() / 1000);
  const claims = Attestation.parse({
    iss: key.principal,
    role: key.role,
    decision: DECISION_OF[key.role],
    iat,
    exp: iat + Math.floor(statement.validForMs / 1000),
    ...(statement.security && { security: statement.security }),
    ...subject(statement.covers),
  });
  return signToken(key, TOKEN_TYPES.attestation, claims);
}

function subject(covers: Statement['covers']): { sub: string; digest: string } | { sub: string; tasks: string[] } {
  if ('task' in covers) return { sub: covers.task.task_id, digest: taskDigest(covers.task) };
  return { sub: covers.plan_id, tasks: covers.tasks };
}
