import { z } from 'zod';
import { signToken, TOKEN_TYPES } from './jws.ts';
import type { RoleKey } from './keyring.ts';
import { Principal, Role } from './names.ts';

export const Verb = z.enum(['veto', 'cancel', 'pause', 'resume', 'acknowledge']);
export type Verb = z.infer<typeof Verb>;

/** What a control statement is about, e.g. `task:deploy-web-1`, `schedule:mini-1/backup`, `host:*`. */
export const Target = z
  .string()
  .regex(
    new RegExp(
      `^(${[
        'task:[a-z0-9][a-z0-9._-]{0,119}',
        'plan:[A-Za-z0-9][A-Za-z0-9._-]{0,119}',
        'commit:[0-9a-f]{40}',
        'artifact:sha256:[0-9a-f]{64}',
        'schedule:[a-z0-9][a-z0-9-]{0,62}/[a-z0-9][a-z0-9-]{0,62}',
        'host:(\\*|[a-z0-9][a-z0-9-]{0,62})',
        'alert:[A-Za-z0-9][A-Za-z0-9._-]{0,119}',
      ].join('|')})$`,
    ),
    'expected task:<id>, plan:<id>, commit:<40 hex>, artifact:sha256:<hex>, schedule:<host>/<name>, host:<name> or alert:<id>',
  );

const seconds = z.int().min(0);

/** The claims of a control statement. A veto never expires and has no `exp`; everything else has one. */
export const Control = z
  .strictObject({
    iss: Principal,
    role: Role,
    verb: Verb,
    target: Target,
    reason: z.string().min(1).max(2000),
    iat: seconds,
    exp: seconds.optional(),
    jti: z.string().min(1).max(64),
  })
  .refine((claims) => (claims.verb === 'veto') === (claims.exp === undefined), {
    message: 'a veto has no exp, every other verb has one',
  });
export type Control = z.infer<typeof Control>;

/** Which roles may say what. */
export const VERB_ROLES: Record<Verb, readonly Role[]> = {
  veto: ['security'],
  cancel: ['manager', 'security', 'operator'],
  pause: ['manager', 'security', 'operator'],
  resume: ['manager', 'security', 'operator'],
  acknowledge: ['manager', 'operator'],
};

/** The longest validity of a control statement that expires. */
export const CONTROL_MAX_AGE_MS = 24 * 3600 * 1000;

/** One entry of the control stream: a late attestation or a control statement. */
export const ControlEntry = z.strictObject({ token: z.string() });

/** Signs a control statement for the stream. `jti` must be new; `validForMs` is left out of a veto. */
export async function signControl(
  key: RoleKey,
  statement: { verb: Verb; target: string; reason: string; issuedAt: Date; validForMs: number; jti: string },
): Promise<string> {
  const { verb, target, reason, jti } = statement;
  const iat = Math.floor(statement.issuedAt.getTime() / 1000);
  const expiry = verb === 'veto' ? {} : { exp: iat + Math.floor(statement.validForMs / 1000) };
  const claims = Control.parse({ iss: key.principal, role: key.role, verb, target, reason, iat, ...expiry, jti });
  return signToken(key, TOKEN_TYPES.control, claims);
}
