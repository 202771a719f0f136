import { CompactSign, importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { TOKEN_TYPES } from '../../src/contract/jws.ts';
import { utcTime } from '../../src/contract/names.ts';
import { signBody } from '../../src/contract/report.ts';
import type { Task } from '../../src/contract/task.ts';
import { type Draft, deliver, draftOf } from '../support/draft.ts';
import {
  actionsTask,
  type Claims,
  claimsOf,
  DAY,
  HOST,
  HOUR,
  MINUTE,
  NOW,
  PROBE_ACTION,
  planClaimsOf,
  roleKey,
  roleKeys,
  seconds,
  sign,
  tokenOf,
  undoTask,
} from '../support/tasks.ts';
import { concluded, stated } from './history.ts';
import { withHeader } from './refusals/alter.ts';

const keys = await roleKeys();
const secondReview = await roleKey('plan-review', 'savorgPlanReview2');
const original = actionsTask({ task_id: 'original-1' });

interface Row {
  name: string;
  task?: Task;
  alter: (draft: Draft) => void;
}

const replace = (draft: Draft, role: keyof Draft['keys'], claims: Claims) =>
  void draft.signatures.set(role, (task) => tokenOf(draft.keys[role], task, claims));
const looks = actionsTask({ host: 'any', actions: [PROBE_ACTION] });

/** What is just still allowed: one step further is a row of the refusals. */
const ADMITTED: Row[] = [
  { name: 'it was delivered four times', alter: (d) => void Object.assign(d.delivery, { deliveries: 4 }) },
  { name: 'its job is sent again', alter: (d) => void Object.assign(d.delivery, { jobId: `${d.task.task_id}~2` }) },
  {
    name: 'there are 16 tokens',
    alter: (d) => {
      for (let n = 4; n <= 16; n += 1)
        d.signatures.set(`${n}`, (task) => tokenOf(d.keys.manager, task, { exp: seconds(NOW + n * MINUTE) }));
    },
  },
  { name: 'a signature expires in the next second', alter: (d) => replace(d, 'security', { exp: seconds(NOW) + 1 }) },
  { name: "a signer's clock runs a minute ahead", alter: (d) => replace(d, 'manager', { iat: seconds(NOW + MINUTE) }) },
  {
    name: 'a signature is good for 7 days',
    alter: (d) => replace(d, 'manager', { exp: seconds(NOW - HOUR + 7 * DAY) }),
  },
  { name: 'a signature is as old as this ledger', alter: (d) => replace(d, 'manager', { iat: seconds(NOW - DAY) }) },
  {
    name: 'PlanReview signed the plan',
    alter: (d) =>
      void d.signatures.set('plan-review', (task) =>
        sign(d.keys['plan-review'], planClaimsOf(d.keys['plan-review'], task)),
      ),
  },
  {
    name: 'all signed the plan',
    alter: (d) => {
      for (const role of ['manager', 'plan-review', 'security'] as const)
        d.signatures.set(role, (task) => sign(d.keys[role], planClaimsOf(d.keys[role], task)));
    },
  },
  {
    name: 'two reviewers approved',
    alter: (d) => {
      d.ring.push(secondReview);
      d.signatures.set('second', (task) => tokenOf(secondReview, task));
    },
  },
  {
    name: 'the clock fell behind by 120 s',
    alter: (d) => void d.history.push((ledger) => ledger.sawTime(NOW + 120_000)),
  },
  { name: 'its time has come this second', alter: (d) => void Object.assign(d.task, { not_before: utcTime(NOW) }) },
  {
    name: 'it expires in the next second',
    alter: (d) => void Object.assign(d.task, { expires_at: utcTime(NOW + 1000) }),
  },
  { name: 'it is for any host and this is the only one', alter: (d) => void Object.assign(d.task, { host: 'any' }) },
  {
    name: 'it is for any of several hosts and only looks',
    task: looks,
    alter: (d) => void Object.assign(d.setting, { host: { name: HOST, sole: false } }),
  },
  {
    name: 'another task is vetoed',
    alter: (d) => void d.history.push(stated('veto', 'task:other-1'), stated('veto', 'plan:plan-882')),
  },
  {
    name: 'an undo is requested by Manager alone',
    task: undoTask(original),
    alter: (d) => void d.history.push(concluded(original)),
  },
  {
    name: 'an undo is requested by the operator alone',
    task: undoTask(original),
    alter: (d) => {
      d.history.push(concluded(original));
      d.signatures.delete('manager');
      d.signatures.set('operator', (task) => tokenOf(d.keys.operator, task));
    },
  },
  {
    name: 'what an undo takes back is vetoed, and policy allows it no more',
    task: undoTask(original),
    alter: (d) => {
      d.history.push(concluded(original), stated('veto', `task:${original.task_id}`), stated('veto', 'plan:plan-881'));
      d.setting.policy = { allow: [] };
    },
  },
];

describe('admitted', () => {
  it.each(ADMITTED)('although $name', async ({ task, alter }) => {
    const draft = draftOf(keys, task);
    alter(draft);
    using delivered = await deliver(draft);
    expect(delivered.end).toMatchObject({ kind: 'ran' });
    expect(delivered.line.reports().map(({ evidence }) => evidence.final)).toEqual([true]);
  });

  it('by tokens with the older name of the algorithm', async () => {
    const draft = draftOf(keys);
    draft.signatures.set('manager', async (task) => {
      const { kty, crv, x, d, kid } = keys.manager;
      const claims = JSON.stringify(claimsOf(keys.manager, task));
      return new CompactSign(new TextEncoder().encode(claims))
        .setProtectedHeader({ alg: 'EdDSA', typ: TOKEN_TYPES.attestation, kid })
        .sign(await importJWK({ kty, crv, x, d }, 'EdDSA'));
    });
    using delivered = await deliver(draft);
    expect(delivered.end).toMatchObject({ kind: 'ran' });
  });
});

describe('the report of a refusal', () => {
  const kid = { alg: 'Ed25519', typ: TOKEN_TYPES.attestation, kid: '\ud800' };
  const odd: Row[] = [
    {
      name: 'the id of a key is no Unicode',
      alter: (d) => void d.signatures.set('odd', async (task) => withHeader(await tokenOf(d.keys.manager, task), kid)),
    },
    { name: 'the name of a claim is no Unicode', alter: (d) => replace(d, 'manager', { '\ud800': 1 }) },
    {
      name: "its job's id is a long one of emoji",
      alter: (d) => void Object.assign(d.delivery, { data: {}, jobId: `x${'😀'.repeat(100)}` }),
    },
  ];

  it.each(odd)('can be signed, or it would hold up all later ones: $name', async ({ alter }) => {
    const draft = draftOf(keys);
    alter(draft);
    using delivered = await deliver(draft);
    expect(delivered.end.kind).toBe('refused');
    const [report] = delivered.line.reports();
    await expect(signBody(keys.host, report?.evidence.report_id ?? '', report ?? {})).resolves.toEqual(
      expect.any(String),
    );
  });

  it('says who attested this task, and not who attested another', async () => {
    const draft = draftOf(keys);
    draft.signatures.set('security', (task) => tokenOf(keys.security, { ...task, reason: 'Something harmless' }));
    using delivered = await deliver(draft);
    const [report] = delivered.line.reports();
    expect(report?.evidence).toMatchObject({ reason: 'wrong-digest' });
    expect(report?.evidence.attested_by.map(({ role }) => role)).toEqual(['manager', 'plan-review']);
  });

  it('is made 60 times a minute at most for what bears a signature of something else', async () => {
    using delivered = await deliver(draftOf(keys));
    const { line, delivery } = delivered;
    const { attestations } = delivery.data as { attestations: string[] };
    for (let n = 1; n <= 70; n += 1) {
      const forged = { ...actionsTask({ task_id: `forged-${n}` }) };
      await line.deliver({ ...delivery, jobId: forged.task_id, data: { task: forged, attestations } });
    }
    expect(line.reports().filter(({ evidence }) => !evidence.final)).toHaveLength(60);
  });

  it('is made 60 times a minute at most for what bears no signature', async () => {
    using delivered = await deliver(draftOf(keys));
    const { line, delivery } = delivered;
    for (let n = 1; n <= 70; n += 1) await line.deliver({ ...delivery, data: { n } });
    expect(line.reports().filter(({ evidence }) => !evidence.final)).toHaveLength(60);
    expect(line.ledger.alerts()).toMatchObject([{ code: 'refusals-flood' }]);
  });
});
