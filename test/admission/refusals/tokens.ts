import { signToken, TOKEN_TYPES } from '../../../src/contract/jws.ts';
import {
  claimsOf,
  DAY,
  HOUR,
  MINUTE,
  NOW,
  planClaimsOf,
  seconds,
  sign,
  slotTask,
  tokenOf,
} from '../../support/tasks.ts';
import { concluded } from '../history.ts';
import {
  add,
  altered,
  both,
  original,
  type Refusal,
  replace,
  retired,
  stranger,
  undoOfOriginal,
  withHeader,
  withSpareBits,
} from './alter.ts';

/** Who signed what. */
export const TOKENS: readonly Refusal[] = [
  { name: 'a token is no token', code: 'bad-token', alter: (d) => d.signatures.set('added', async () => 'yes') },
  {
    name: "a signature's last character has other spare bits",
    code: 'bad-token',
    alter: (d) => altered(d, withSpareBits),
  },
  { name: 'a token is padded', code: 'bad-token', alter: (d) => altered(d, (token) => `${token}==`) },
  {
    name: 'a token says alg none',
    code: 'bad-token',
    alter: (d) =>
      altered(d, (token, { keys }) =>
        withHeader(token, { alg: 'none', typ: TOKEN_TYPES.attestation, kid: keys.manager.kid }),
      ),
  },
  {
    name: 'a token names a key that did not sign it',
    code: 'bad-token',
    alter: (d) =>
      altered(d, (token, { keys }) =>
        withHeader(token, { alg: 'Ed25519', typ: TOKEN_TYPES.attestation, kid: keys.security.kid }),
      ),
  },
  {
    name: 'a token is a control statement',
    code: 'bad-token',
    alter: (d) =>
      d.signatures.set('added', (task) =>
        signToken(d.keys.security, TOKEN_TYPES.control, claimsOf(d.keys.security, task)),
      ),
  },
  { name: 'a token has one claim more', code: 'bad-token', alter: (d) => replace(d, 'manager', { admin: true }) },
  { name: 'a token has no expiry', code: 'bad-token', alter: (d) => replace(d, 'manager', { exp: undefined }) },
  {
    name: 'a clearance says not-in-workflow',
    code: 'bad-token',
    alter: (d) => replace(d, 'security', { security: 'not-in-workflow' }),
  },
  {
    name: 'a token covers both a task and a plan',
    code: 'bad-token',
    alter: (d) =>
      d.signatures.set('manager', (task) =>
        sign(d.keys.manager, { ...planClaimsOf(d.keys.manager, task), ...claimsOf(d.keys.manager, task) }),
      ),
  },
  { name: 'a key is not in the ring', code: 'unknown-key', alter: (d) => add(d, stranger) },
  {
    name: 'a key was revoked',
    code: 'revoked-key',
    alter: (d) => {
      d.revoked.push(retired);
      add(d, retired);
    },
  },
  { name: 'an operator signs a task with actions', code: 'wrong-role', alter: (d) => add(d, d.keys.operator) },
  { name: 'a host signs a task with actions', code: 'wrong-role', alter: (d) => add(d, d.keys.host) },
  {
    name: 'Manager says it is PlanReview',
    code: 'wrong-role',
    alter: (d) => replace(d, 'manager', { role: 'plan-review', decision: 'approved' }),
  },
  { name: 'Manager approves', code: 'wrong-role', alter: (d) => add(d, d.keys.manager, { decision: 'approved' }) },
  {
    name: 'PlanReview clears',
    code: 'wrong-role',
    alter: (d) => add(d, d.keys['plan-review'], { decision: 'cleared' }),
  },
  {
    name: "Manager signs in Security's name",
    code: 'wrong-role',
    alter: (d) => replace(d, 'manager', { iss: 'savorgSecurity' }),
  },
  { name: 'Manager signs a slot', task: slotTask(), code: 'wrong-role', alter: (d) => add(d, d.keys.manager) },
  {
    name: 'a signature is of the same task with other content',
    code: 'wrong-digest',
    alter: (d) =>
      d.signatures.set('security', (task) => tokenOf(d.keys.security, { ...task, reason: 'Something harmless' })),
  },
  {
    name: 'a signature is of another task with this content',
    code: 'wrong-digest',
    alter: (d) => replace(d, 'security', { sub: 'other-1' }),
  },
  {
    name: 'a plan does not list it',
    code: 'wrong-digest',
    alter: (d) =>
      d.signatures.set('plan-review', (task) =>
        sign(d.keys['plan-review'], planClaimsOf(d.keys['plan-review'], task, { tasks: [`sha256:${'0'.repeat(64)}`] })),
      ),
  },
  {
    name: 'another plan lists it',
    code: 'wrong-digest',
    alter: (d) =>
      d.signatures.set('plan-review', (task) =>
        sign(d.keys['plan-review'], planClaimsOf(d.keys['plan-review'], task, { sub: 'plan-882' })),
      ),
  },
  {
    name: 'a signature has expired this second',
    code: 'token-expired',
    alter: (d) => replace(d, 'security', { exp: seconds(NOW) }),
  },
  {
    name: 'a signature is of the future',
    code: 'token-expired',
    alter: (d) => replace(d, 'manager', { iat: seconds(NOW + MINUTE) + 1 }),
  },
  {
    name: 'a signature is good for more than 7 days',
    code: 'token-expired',
    alter: (d) => replace(d, 'manager', { exp: seconds(NOW - HOUR + 7 * DAY) + 1 }),
  },
  {
    name: 'a signature is older than this ledger',
    code: 'token-expired',
    alter: (d) => replace(d, 'manager', { iat: seconds(NOW - DAY) - 1 }),
  },
  { name: 'nobody signed anything', code: 'not-requested', alter: (d) => d.signatures.clear() },
  { name: 'all but Manager signed', code: 'not-requested', alter: (d) => d.signatures.delete('manager') },
  {
    name: 'an undo is approved and cleared but not requested',
    task: undoOfOriginal,
    code: 'not-requested',
    alter: (d) => {
      d.history.push(concluded(original));
      d.signatures.delete('manager');
      add(d, d.keys.security);
    },
  },
  {
    name: 'one principal approves and clears, with two keys',
    code: 'self-attested',
    alter: (d) => {
      d.ring.push(...both);
      for (const key of both) d.signatures.set(key.role, (task) => tokenOf(key, task));
    },
  },
];
