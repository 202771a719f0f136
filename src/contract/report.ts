import { z } from 'zod';
import { digestOf } from './digest.ts';
import { isSignedBy, openToken, signToken, TOKEN_TYPES } from './jws.ts';
import type { KeyRing, RoleKey } from './keyring.ts';
import { Digest, HostName, Principal, Role, UtcTime } from './names.ts';
import { OpsOutput } from './ops-output.ts';

export const Outcome = z.enum(['completed', 'failed', 'refused', 'expired', 'vetoed', 'cancelled', 'interrupted']);
export type Outcome = z.infer<typeof Outcome>;

export const Attestor = z.strictObject({ role: Role, principal: Principal, kid: z.string() });
export type Attestor = z.infer<typeof Attestor>;

export const StepEvidence = z.strictObject({
  n: z.int().min(1),
  /** Which action of the task it belongs to, counted from 1. */
  action: z.int().min(1),
  kind: z.string(),
  target: z.string(),
  outcome: z.enum(['applied', 'failed', 'unknown', 'skipped', 'undone']),
  duration_ms: z.int().min(0),
  undo: z.enum(['captured', 'done', 'refused', 'irreversible', 'none']),
});
export type StepEvidence = z.infer<typeof StepEvidence>;

/**
 * A root of application source that no command may write: what lay below it before the task's first command and after
 * its last, by the digest of names, kinds, modes, owners, sizes and times. Null: there was too much to look at.
 */
export const ProtectedRoot = z.strictObject({
  path: z.string(),
  before: Digest.nullable(),
  after: Digest.nullable(),
});
export type ProtectedRoot = z.infer<typeof ProtectedRoot>;

/** What a reader needs to believe the report. */
export const Evidence = z.strictObject({
  report_id: z.string().regex(/^[0-9A-HJKMNP-TV-Z]{26}$/, 'expected a ULID'),
  /** The host's own sequence over reports and alerts: a gap is a lost one. */
  seq: z.int().min(1),
  /** True on the one report of a claimed task. */
  final: z.boolean(),
  host: HostName,
  version: z.string(),
  dev: z.literal(true).optional(),
  task_id: z.string().min(1),
  /** Null where no task could be read. */
  digest: Digest.nullable(),
  outcome: Outcome,
  /** The reason code of everything but a completion. */
  reason: z.string().nullable(),
  claimed_at: UtcTime.nullable(),
  ended_at: UtcTime,
  attested_by: z.array(Attestor),
  steps: z.array(StepEvidence),
  undone_by: z.string().nullable(),
  left_running: z.array(z.string()),
  /** Where the host protects some, and the task ran commands. */
  protected: z.array(ProtectedRoot).optional(),
  digests: z.strictObject({ policy: Digest, keyring: Digest }),
  audit: z.strictObject({ seq: z.int().min(0), head: Digest }),
});
export type Evidence = z.infer<typeof Evidence>;

/** A job's data on `ops-results`. */
export const Report = z.strictObject({ ops_output: OpsOutput, evidence: Evidence, signature: z.string() });
export type Report = z.infer<typeof Report>;

const Claims = z.strictObject({ id: z.string(), digest: Digest });

/** Signs a report's or alert's body with the host key: a JWS over its id and the digest of the body. */
export function signBody(key: RoleKey, id: string, body: object): Promise<string> {
  return signToken(key, TOKEN_TYPES.report, { id, digest: digestOf(body) });
}

/**
 * Checks that the host that it names signed this report, unaltered, and returns it. A host's principal is its name.
 * @throws with the reason when the report is malformed, altered, unsigned or signed by another role.
 */
export async function verifyReport(report: unknown, ring: KeyRing): Promise<Report> {
  const parsed = Report.parse(report);
  const { signature, ...body } = parsed;
  const { report_id: id, host } = parsed.evidence;
  verifyBody(signature, { id, host }, body, ring);
  return parsed;
}

/** Checks that `host` signed this body of a report or alert under its id. @throws with the reason where it did not. */
export function verifyBody(
  signature: string,
  { id, host }: { id: string; host: string },
  body: object,
  ring: KeyRing,
): void {
  const opened = openToken(signature);
  if ('problem' in opened) throw new Error(`the signature is no token: ${opened.problem}`);
  const entry = ring.keys.find((key) => key.kid === opened.kid);
  if (!entry) throw new Error(`the signature's key ${opened.kid} is not in the key ring`);
  if (entry.role !== 'host' || entry.revoked_at) throw new Error('expected the signature of a host key in force');
  if (entry.principal !== host) throw new Error(`it names ${host}, and ${entry.principal} signed it`);
  const claims = Claims.safeParse(opened.claims);
  const fits = opened.typ === TOKEN_TYPES.report && claims.data?.id === id && claims.data.digest === digestOf(body);
  if (!fits || !isSignedBy(signature, entry.jwk)) throw new Error('the signature does not fit the content');
}
