import { z } from 'zod';
import type { RejectedToken, TokenFact } from '../admission/facts.ts';
import { Attestation, CLOCK_SKEW_MS, DECISION_OF } from '../contract/attestation.ts';
import { ClockAcceptance } from '../contract/clock.ts';
import { CONTROL_MAX_AGE_MS, Control, VERB_ROLES } from '../contract/control.ts';
import { isSignedBy, type OpenedToken, openToken, TOKEN_TYPES, type TokenType } from '../contract/jws.ts';
import type { KeyRing, KeyRingEntry } from '../contract/keyring.ts';
import type { Clock, StatementFact, Verifier } from '../services/ports.ts';

/** Judges tokens by the key ring, as it is at each call. */
export function verifierBy(ring: () => KeyRing, clock: Clock): Verifier {
  return {
    attestation: async (token) => verifyAttestation(token, ring()),
    control: async (token) => verifyControl(token, ring(), clock.now()),
    clockAcceptance: async (token) => verifyClockAcceptance(token, ring()),
    keys: ring,
    trusts: (kid) => ring().keys.some((key) => key.kid === kid && !key.revoked_at),
    isAttestation: (token) => {
      const opened = openToken(token);
      return 'typ' in opened && opened.typ === TOKEN_TYPES.attestation;
    },
  };
}

function verifyAttestation(token: string, ring: KeyRing): TokenFact {
  const signed = signedToken(token, TOKEN_TYPES.attestation, ring);
  if ('reason' in signed) return signed;
  const claims = Attestation.safeParse(signed.opened.claims);
  if (!claims.success) return rejected('bad-token', z.prettifyError(claims.error));
  const { role, iss, decision } = claims.data;
  const { entry } = signed;
  if (role !== entry.role || iss !== entry.principal || decision !== DECISION_OF[role]) {
    return rejected(
      'wrong-role',
      `the key ${entry.kid} is ${entry.principal}'s as ${entry.role}, not ${iss}'s as ${role} (${decision})`,
    );
  }
  return { verified: true, kid: entry.kid, claims: claims.data };
}

function verifyControl(token: string, ring: KeyRing, now: number): StatementFact {
  const signed = signedToken(token, TOKEN_TYPES.control, ring);
  if ('reason' in signed) return signed;
  const parsed = Control.safeParse(signed.opened.claims);
  if (!parsed.success) return rejected('bad-token', z.prettifyError(parsed.error));
  const { role, iss, verb } = parsed.data;
  const { entry } = signed;
  if (role !== entry.role || iss !== entry.principal || !VERB_ROLES[verb].includes(role)) {
    return rejected('wrong-role', `${entry.principal} as ${entry.role} has no right to ${verb} as ${iss}, ${role}`);
  }
  const problem = problemInTime(parsed.data, now);
  if (problem) return { verified: false, reason: 'token-expired', message: problem };
  const { exp } = parsed.data;
  return { verified: true, claims: parsed.data, expired: exp !== undefined && exp * 1000 <= now };
}

/** A veto counts whatever the clock of who said it shows: it is for ever, and would otherwise be lost. */
function problemInTime({ iat, exp }: Control, now: number): string | null {
  if (exp === undefined) return null;
  if (iat * 1000 > now + CLOCK_SKEW_MS) return 'it is of the future';
  return (exp - iat) * 1000 > CONTROL_MAX_AGE_MS ? 'it is valid for more than 24 hours' : null;
}

function verifyClockAcceptance(token: string, ring: KeyRing): { claims: ClockAcceptance } | { problem: string } {
  const signed = signedToken(token, TOKEN_TYPES.clock, ring);
  if ('reason' in signed) return { problem: `${signed.reason}: ${signed.message}` };
  const parsed = ClockAcceptance.safeParse(signed.opened.claims);
  if (!parsed.success) return { problem: z.prettifyError(parsed.error) };
  const { role, iss } = parsed.data;
  const { entry } = signed;
  if (role === entry.role && iss === entry.principal) return { claims: parsed.data };
  return { problem: `is ${entry.principal}'s as ${entry.role}, not ${iss}'s as ${role}` };
}

/** Opens a token and finds the key of the ring that signed it. */
function signedToken(
  token: string,
  typ: TokenType,
  ring: KeyRing,
): { opened: OpenedToken; entry: KeyRingEntry } | RejectedToken {
  const opened = openToken(token);
  if ('problem' in opened) return rejected('bad-token', opened.problem);
  if (opened.typ !== typ) return rejected('bad-token', `expected typ ${typ}, got ${opened.typ}`);
  const entry = ring.keys.find(({ kid }) => kid === opened.kid);
  if (!entry) return rejected('unknown-key', `the key ${opened.kid} is not in etc/keyring.json`);
  if (entry.revoked_at)
    return rejected('revoked-key', `the key ${entry.kid} of ${entry.principal} was revoked at ${entry.revoked_at}`);
  if (!isSignedBy(token, entry.jwk)) return rejected('bad-token', `the signature is not by ${entry.principal}'s key`);
  return { opened, entry };
}

function rejected(reason: RejectedToken['reason'], message: string): RejectedToken {
  return { verified: false, reason, message };
}
