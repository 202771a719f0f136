import { z } from 'zod';
import { signToken, TOKEN_TYPES } from './jws.ts';
import type { RoleKey } from './keyring.ts';
import { HostName, Principal } from './names.ts';

const milliseconds = z.int().min(0);

/** The claims of an operator's statement that a host's clock is right, and the latest time seen there was not. */
export const ClockAcceptance = z.strictObject({
  iss: Principal,
  role: z.literal('operator'),
  host: HostName,
  /** The latest time seen, to be forgotten; it binds the statement to this one fault. */
  wrong: milliseconds,
  /** What the clock said when it was accepted. */
  right: milliseconds,
});
export type ClockAcceptance = z.infer<typeof ClockAcceptance>;

/** Signs it as this host's operator. Times are milliseconds since 1970. */
export function acceptClock(
  key: RoleKey,
  { host, wrong, right }: Pick<ClockAcceptance, 'host' | 'wrong' | 'right'>,
): Promise<string> {
  const claims = ClockAcceptance.parse({ iss: key.principal, role: key.role, host, wrong, right });
  return signToken(key, TOKEN_TYPES.clock, claims);
}
