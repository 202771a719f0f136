import { describe, expect, it } from 'vitest';
import { Attestation, attest, DECISION_OF } from '../../src/contract/attestation.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import { isSignedBy, openToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import { ringEntry } from '../../src/contract/keyring.ts';
import type { Role } from '../../src/contract/names.ts';
import { actionsTask, type Claims, claimsOf, HOUR, NOW, planClaimsOf, roleKeys } from '../support/tasks.ts';

const keys = await roleKeys();
const task = actionsTask();
const digest = taskDigest(task);
const time = { issuedAt: new Date(NOW + 999), validForMs: HOUR + 999 };
const claimsIn = (token: string) => {
  const opened = openToken(token);
  return 'claims' in opened ? opened : undefined;
};

describe('what a role attests', () => {
  it.each(Object.entries(DECISION_OF) as [Role, string][])(
    'as %s is %s, with exactly the claims of the contract',
    async (role, decision) => {
      const token = await attest(keys[role], { covers: { task }, ...time });
      expect(claimsIn(token)).toEqual({
        typ: TOKEN_TYPES.attestation,
        kid: keys[role].kid,
        claims: {
          iss: keys[role].principal,
          role,
          decision,
          iat: NOW / 1000,
          exp: NOW / 1000 + 3600,
          sub: task.task_id,
          digest,
        },
      });
      expect(isSignedBy(token, ringEntry(keys[role]).jwk)).toBe(true);
    },
  );

  it('is a plan by its digests', async () => {
    const token = await attest(keys.security, { covers: { plan_id: 'plan-881', tasks: [digest] }, ...time });
    expect(claimsIn(token)?.claims).toMatchObject({ sub: 'plan-881', tasks: [digest], decision: 'cleared' });
    expect(claimsIn(token)?.claims).not.toHaveProperty('digest');
  });

  it('is, of PlanReview, that the workflow has no Security', async () => {
    const token = await attest(keys['plan-review'], { covers: { task }, ...time, security: 'not-in-workflow' });
    expect(claimsIn(token)?.claims).toMatchObject({ decision: 'approved', security: 'not-in-workflow' });
  });

  it.each(['manager', 'security', 'operator', 'host'] as const)(
    'is not, of %s, that the workflow has no Security',
    async (role) => {
      await expect(attest(keys[role], { covers: { task }, ...time, security: 'not-in-workflow' })).rejects.toThrow(
        'only an approval',
      );
    },
  );

  it.each([
    ['no tasks', []],
    ['201 tasks', Array.from({ length: 201 }, () => digest)],
    ['what is no digest', ['x']],
  ])('is no plan of %s', async (_, tasks) => {
    await expect(attest(keys.security, { covers: { plan_id: 'plan-881', tasks }, ...time })).rejects.toThrow('tasks');
  });

  it('fits into a token with 200 digests', async () => {
    const tasks = Array.from({ length: 200 }, () => digest);
    expect(
      claimsIn(await attest(keys.security, { covers: { plan_id: 'p'.repeat(120), tasks }, ...time })),
    ).toBeDefined();
  });
});

describe('the claims', () => {
  const valid = claimsOf(keys['plan-review'], task);
  const plan = planClaimsOf(keys['plan-review'], task);

  it.each([
    ['of a task', valid],
    ['of a plan', plan],
    ['with a waiver', { ...valid, security: 'not-in-workflow' }],
  ])('are taken as they are: %s', (_, claims) => {
    expect(Attestation.parse(claims)).toEqual(claims);
  });

  it.each([
    ...Object.keys(valid).map((name) => ({ name, from: valid })),
    ...Object.keys(plan).map((name) => ({ name, from: plan })),
  ])('are none without $name', ({ name, from }) => {
    expect(Attestation.safeParse({ ...from, [name]: undefined }).success).toBe(false);
  });

  it.each<[string, Claims]>([
    ['one more', { ...valid, jti: 'x' }],
    ['nbf', { ...valid, nbf: 1 }],
    ['both a digest and tasks', { ...valid, ...plan }],
    ['another role', { ...valid, role: 'root' }],
    ['another decision', { ...valid, decision: 'vetoed' }],
    ['another waiver', { ...valid, security: 'none' }],
    ['a waiver on a clearance', { ...valid, decision: 'cleared', security: 'not-in-workflow' }],
    ['iat as text', { ...valid, iat: '1' }],
    ['a fraction of a second', { ...valid, iat: 1.5 }],
    ['iat before 1970', { ...valid, iat: -1 }],
    ['exp beyond 2^53', { ...valid, exp: 2 ** 53 }],
    ['two subjects', { ...valid, sub: ['a', 'b'] }],
    ['an upper-case digest', { ...valid, digest: digest.toUpperCase() }],
  ])('are none with %s', (_, claims) => {
    expect(Attestation.safeParse(claims).success).toBe(false);
  });
});
