import { describe, expect, it } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { attest } from '../../src/contract/attestation.ts';
import { VERB_ROLES, Verb } from '../../src/contract/control.ts';
import { signToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import type { KeyRing, RoleKey } from '../../src/contract/keyring.ts';
import { Role } from '../../src/contract/names.ts';
import { actionsTask, HOUR, roleKey, START, sign, TestClock, testKeys, testRing } from '../services/support.ts';

const IAT = START / 1000;

async function setUp(change: (ring: KeyRing) => KeyRing = (ring) => ring) {
  const clock = new TestClock();
  let ring = change(await testRing());
  const verifier = verifierBy(() => ring, clock);
  const replace = (other: KeyRing) => {
    ring = other;
  };
  return { clock, keys: await testKeys(), verifier, ring, replace };
}

const claims = (key: RoleKey, more: object = {}) => ({
  iss: key.principal,
  role: key.role,
  verb: 'cancel',
  target: 'task:a',
  reason: 'r',
  iat: IAT,
  exp: IAT + 3600,
  jti: 'j-1',
  ...more,
});

const control = (key: RoleKey, more: object = {}) => signToken(key, TOKEN_TYPES.control, claims(key, more));

describe('control statements', () => {
  const pairs = Verb.options.flatMap((verb) => Role.options.map((role) => [verb, role] as const));

  it.each(pairs)('%s by %s', async (verb, role) => {
    const { keys, verifier } = await setUp();
    const expiry = verb === 'veto' ? { exp: undefined } : {};
    const verified = await verifier.control(await control(keys[role], { verb, ...expiry }));
    expect(verified.verified).toBe(VERB_ROLES[verb].includes(role));
  });

  it('gives security alone the veto, and plan-review and hosts no verb at all', () => {
    expect(VERB_ROLES.veto).toEqual(['security']);
    for (const roles of Object.values(VERB_ROLES)) {
      expect(roles).not.toContain('plan-review');
      expect(roles).not.toContain('host');
    }
  });

  it.each([
    ['signed as another role', { role: 'security' }, 'wrong-role', /has no right to cancel/],
    ["signed with another's name", { iss: 'savorg-security' }, 'wrong-role', /has no right to cancel/],
    ['a veto that expires', { verb: 'veto' }, 'bad-token', /exp/],
    ['a cancellation that never does', { exp: undefined }, 'bad-token', /exp/],
    ['an unknown verb', { verb: 'destroy' }, 'bad-token', /verb/],
    ['an unknown target', { target: 'everything' }, 'bad-token', /target/],
    ['unknown fields', { more: 1 }, 'bad-token', /Unrecognized/],
    ['valid for more than 24 hours', { exp: IAT + 24 * 3600 + 1 }, 'token-expired', /more than 24 hours/],
  ])('T12: refuses one that is %s', async (_, more, reason, problem) => {
    const { keys, verifier } = await setUp();
    const message = expect.stringMatching(problem);
    expect(await verifier.control(await control(keys.manager, more))).toEqual({ verified: false, reason, message });
  });

  it('takes one that is valid for 24 hours, to its last second', async () => {
    const { keys, verifier, clock } = await setUp();
    const token = await control(keys.manager, { exp: IAT + 24 * 3600 });
    clock.advance(24 * HOUR - 1);
    expect(await verifier.control(token)).toMatchObject({ expired: false, claims: { verb: 'cancel' } });
    clock.advance(1);
    expect(await verifier.control(token)).toMatchObject({ expired: true });
  });

  it('refuses one of the future: it would stand for longer than 24 hours', async () => {
    const { keys, verifier } = await setUp();
    const later = { iat: IAT + 61, exp: IAT + 3600 };
    expect(await verifier.control(await control(keys.manager, later))).toMatchObject({ reason: 'token-expired' });
    const soon = { ...later, iat: IAT + 60 };
    expect(await verifier.control(await control(keys.manager, soon))).toMatchObject({ verified: true });
  });

  it('T11: takes a veto of the future: passed over, it would be lost', async () => {
    const { keys, verifier } = await setUp();
    const veto = { verb: 'veto', iat: IAT + 365 * 24 * 3600, exp: undefined };
    expect(await verifier.control(await control(keys.security, veto))).toMatchObject({
      verified: true,
      expired: false,
    });
  });

  it('F48: takes a veto of the future: a host whose clock is behind must not miss one', async () => {
    const { keys, verifier } = await setUp();
    const later = IAT + 365 * 24 * 3600;
    const veto = await control(keys.security, { verb: 'veto', iat: later, exp: undefined });
    expect(await verifier.control(veto)).toMatchObject({ claims: { verb: 'veto', iat: later } });
  });

  it('refuses an attestation in its place', async () => {
    const { verifier } = await setUp();
    expect(await verifier.control(await sign('security', actionsTask()))).toEqual({
      verified: false,
      reason: 'bad-token',
      message: expect.stringMatching(/^expected typ savorg-control\+jwt/),
    });
  });
});

/** Why an attestation is rejected; undefined where it is not. */
async function rejection(token: string, change?: (ring: KeyRing) => KeyRing): Promise<string | undefined> {
  const { verifier } = await setUp(change);
  const fact = await verifier.attestation(token);
  return fact.verified ? undefined : fact.reason;
}

const revoke = (ring: KeyRing): KeyRing => ({
  ...ring,
  keys: ring.keys.map((entry) => ({ ...entry, revoked_at: '2026-11-23T08:00:00Z' })),
});

describe('attestations', () => {
  it('says who signed it, in which role, and what', async () => {
    const { keys, verifier } = await setUp();
    const token = await sign('plan-review', actionsTask());
    expect(verifier.isAttestation(token)).toBe(true);
    expect(await verifier.attestation(token)).toMatchObject({
      verified: true,
      kid: keys['plan-review'].kid,
      claims: { iss: 'savorg-plan-review', role: 'plan-review', decision: 'approved', sub: 'task-1' },
    });
  });

  it('rejects what is no token', async () => {
    for (const junk of ['', 'a', 'a.b.c', '..', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(40_000)])
      expect(await rejection(junk)).toBe('bad-token');
    expect((await setUp()).verifier.isAttestation('junk')).toBe(false);
  });

  it('rejects a token whose claims, header or signature were altered', async () => {
    const token = await sign('security', actionsTask());
    const [header = '', body = '', signature = ''] = token.split('.');
    const other = (await sign('security', actionsTask({ reason: 'other' }))).split('.');
    expect(await rejection([header, other[1], signature].join('.'))).toBe('bad-token');
    expect(await rejection([header, body, other[2]].join('.'))).toBe('bad-token');
    const loud = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), crit: [] }));
    expect(await rejection([loud.toString('base64url'), body, signature].join('.'))).toBe('bad-token');
  });

  it('T8: rejects a key that is not in the ring, and one that was revoked', async () => {
    const stranger = await roleKey('security', 'savorg-security');
    const task = actionsTask();
    const token = await attest(stranger, { covers: { task }, issuedAt: new Date(START), validForMs: HOUR });
    expect(await rejection(token)).toBe('unknown-key');
    expect(await rejection(await sign('security', task), revoke)).toBe('revoked-key');
  });

  it.each([
    ['another role', { role: 'security', decision: 'cleared' }],
    ["another's name", { iss: 'savorg-security' }],
    ["another role's decision", { decision: 'cleared' }],
  ])('rejects a key that claims %s', async (_, more) => {
    const { keys } = await setUp();
    const honest = { iss: 'savorg-manager', role: 'manager', decision: 'requested', iat: IAT, exp: IAT + 60 };
    const digest = `sha256:${'0'.repeat(64)}`;
    const token = await signToken(keys.manager, TOKEN_TYPES.attestation, {
      ...honest,
      sub: 'task-1',
      digest,
      ...more,
    });
    expect(await rejection(token)).toBe('wrong-role');
  });

  it('judges by the ring as it is at each call', async () => {
    const { verifier, replace } = await setUp();
    const token = await sign('security', actionsTask());
    expect((await verifier.attestation(token)).verified).toBe(true);
    replace({ version: 2, keys: [] });
    expect(await verifier.attestation(token)).toMatchObject({ reason: 'unknown-key' });
  });
});
