import { describe, expect, it } from 'vitest';
import { taskDigest } from '../../src/contract/digest.ts';
import { utcTime } from '../../src/contract/names.ts';
import type { Task } from '../../src/contract/task.ts';
import { deliver, draftOf, known } from '../support/draft.ts';
import { statement } from '../support/statement.ts';
import {
  actionsTask,
  type Claims,
  HOST,
  HOUR,
  type Keys,
  NOW,
  OPEN_POLICY,
  roleKeys,
  seconds,
  tokenOf,
  undoTask,
} from '../support/tasks.ts';
import { concluded } from './history.ts';

const keys = await roleKeys();
const task = actionsTask();

async function without(...roles: (keyof Keys)[]) {
  const draft = draftOf(keys);
  for (const role of roles) draft.signatures.delete(role);
  return deliver(draft);
}

const late = (role: keyof Keys, given: Claims = {}) => tokenOf(keys[role], task, given);

describe('missing is not wrong', () => {
  it.each([
    { roles: ['plan-review'], missing: ['not-approved'] },
    { roles: ['security'], missing: ['not-cleared'] },
    { roles: ['plan-review', 'security'], missing: ['not-approved', 'not-cleared'] },
  ] as const)('without $roles it is held, and nothing runs or is reported', async ({ roles, missing }) => {
    using held = await without(...roles);
    const { line, end, delivery } = held;
    expect(end).toEqual({ kind: 'held', missing, digest: taskDigest(task), until: Date.parse(task.expires_at) });
    expect(line.touched).toEqual([]);
    expect(known(line.ledger)).toEqual([]);
    expect(line.reports()).toEqual([]);
    expect(line.ledger.held()).toMatchObject([{ task_id: task.task_id, jobId: delivery.jobId, missing }]);
    expect(line.ledger.heldData(delivery)).toEqual(delivery.data);
  });

  it.each([
    { twice: 'plan-review', missing: ['not-cleared'] },
    { twice: 'security', missing: ['not-approved'] },
  ] as const)('T6: a second signature of $twice stands for nobody else', async ({ twice, missing }) => {
    const draft = draftOf(keys);
    draft.signatures.delete(twice === 'security' ? 'plan-review' : 'security');
    draft.signatures.set('again', (final) => tokenOf(keys[twice], final, { iat: seconds(NOW) }));
    using held = await deliver(draft);
    expect(held.end).toMatchObject({ kind: 'held', missing });
    expect(held.line.touched).toEqual([]);
  });

  it('runs once the last signature has come, and is held no more', async () => {
    using held = await without('plan-review', 'security');
    const { line, delivery } = held;
    const [approval, clearance] = await Promise.all([late('plan-review'), late('security')]);
    await line.ledger.commit(() => line.ledger.addLateToken({ sub: 'plan-881', iss: 'a', iat: 1 }, approval));
    expect(await line.deliver(delivery)).toMatchObject({ kind: 'held', missing: ['not-cleared'] });
    await line.ledger.commit(() => line.ledger.addLateToken({ sub: task.task_id, iss: 'b', iat: 1 }, clearance));
    expect(await line.deliver(delivery)).toMatchObject({ kind: 'ran' });
    expect(line.ledger.held()).toEqual([]);
    expect(line.ledger.task(task.task_id)?.attestedBy.map(({ role }) => role)).toEqual([
      'manager',
      'plan-review',
      'security',
    ]);
  });

  it.each([
    { name: 'of another content', given: { digest: taskDigest({}) } },
    { name: 'that has expired', given: { exp: seconds(NOW) } },
    { name: 'that is no token', given: { role: 'king' } },
  ])('a late signature $name changes nothing', async ({ given }) => {
    using held = await without('security');
    const { line, delivery } = held;
    const token = await late('security', given);
    await line.ledger.commit(() => line.ledger.addLateToken({ sub: task.task_id, iss: 'a', iat: 1 }, token));
    expect(await line.deliver(delivery)).toMatchObject({ kind: 'held', missing: ['not-cleared'] });
    expect(line.touched).toEqual([]);
  });

  it('is refused as expired, not held for ever', async () => {
    const draft = draftOf(keys, actionsTask({ expires_at: utcTime(NOW + HOUR / 2) }));
    draft.signatures.delete('security');
    using held = await deliver(draft);
    const { line, delivery } = held;
    expect(line.ledger.held()).toHaveLength(1);
    line.setting.now = NOW + HOUR / 2;
    expect(await line.deliver(delivery)).toMatchObject({
      kind: 'refused',
      opsOutput: { blockers: [{ code: 'expired' }] },
    });
    expect(line.ledger.held()).toEqual([]);
    expect(line.reports().map(({ evidence }) => evidence.outcome)).toEqual(['expired']);
  });

  it('is refused once it is vetoed', async () => {
    using held = await without('security');
    const { line, delivery } = held;
    await line.ledger.commit(() => line.ledger.addStatement(statement('veto', 'plan:plan-881'), 'x'));
    expect(await line.deliver(delivery)).toMatchObject({
      kind: 'refused',
      opsOutput: { blockers: [{ code: 'vetoed' }] },
    });
  });
});

const paused = (target: string, more: Parameters<typeof statement>[2] = {}) => statement('pause', target, more);

/** Brings it to a host on which these are in force. */
async function deliverPaused(candidate: Task, ...pauses: ReturnType<typeof paused>[]) {
  const draft = draftOf(keys, candidate);
  for (const pause of pauses) draft.history.push((ledger) => void ledger.addStatement(pause, 'x'));
  return deliver(draft);
}

describe('a pause', () => {
  it.each(['task:motd-2026-11-23-01', 'plan:plan-881', `host:${HOST}`, 'host:*'])('of %s holds it', async (target) => {
    using held = await deliverPaused(task, paused(target));
    expect(held.end).toMatchObject({ kind: 'held', missing: ['paused'] });
    expect(held.line.touched).toEqual([]);
    expect(held.line.ledger.held()).toMatchObject([{ missing: ['paused'] }]);
    expect(held.line.reports()).toEqual([]);
  });

  it.each(['task:other', 'plan:plan-882', 'host:mini-2', `schedule:${HOST}/backup`])(
    'of %s does not',
    async (target) => {
      using ran = await deliverPaused(task, paused(target));
      expect(ran.end).toMatchObject({ kind: 'ran' });
    },
  );

  it('is told together with the signatures that are missing', async () => {
    const draft = draftOf(keys);
    draft.signatures.delete('security');
    draft.history.push((ledger) => void ledger.addStatement(paused('host:*'), 'x'));
    using held = await deliver(draft);
    expect(held.end).toMatchObject({ missing: ['not-cleared', 'paused'] });
  });

  it('holds it until the last of several ends, and no longer than until it expires', async () => {
    const soon = seconds(NOW) + 600;
    const later = seconds(NOW) + 1200;
    using held = await deliverPaused(task, paused('host:*', { exp: later }), paused(`host:${HOST}`, { exp: soon }));
    expect(held.end).toMatchObject({ until: later * 1000 });
    expect(held.line.ledger.held()).toMatchObject([{ until: later * 1000 }]);
    held.line.setting.now = later * 1000;
    expect(await held.line.deliver(held.delivery)).toMatchObject({ kind: 'ran' });
    const expiring = actionsTask({ expires_at: utcTime(NOW + 60_000) });
    using first = await deliverPaused(expiring, paused('host:*'));
    expect(first.end).toMatchObject({ until: NOW + 60_000 });
  });

  it('leaves it blocked when it expires', async () => {
    using held = await deliverPaused(actionsTask({ expires_at: utcTime(NOW + 60_000) }), paused('host:*'));
    held.line.setting.now = NOW + 60_000;
    const end = await held.line.deliver(held.delivery);
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'expired' }] } });
    expect(held.line.ledger.held()).toEqual([]);
  });

  it.each([
    ['host:*', 'ran'],
    ['plan:plan-881', 'ran'],
    ['task:original-1', 'ran'],
    ['task:undo-original-1', 'held'],
  ])('of %s: an undo is %s', async (target, kind) => {
    const original = actionsTask({ task_id: 'original-1' });
    const draft = draftOf(keys, undoTask(original));
    draft.history.push(concluded(original), (ledger) => void ledger.addStatement(paused(target), 'x'));
    using undo = await deliver(draft);
    expect(undo.end.kind).toBe(kind);
  });
});

describe('clearance', () => {
  const listed = [{ operation_type: 'config', environment: 'production' }] as const;
  const staging = [{ operation_type: 'config', environment: 'staging' }] as const;

  it.each([
    { name: 'policy lists it and PlanReview says so', list: listed, by: 'plan-review', kind: 'ran' },
    { name: 'PlanReview says so but policy lists nothing', list: [], by: 'plan-review', kind: 'held' },
    { name: 'PlanReview says so but policy lists another environment', list: staging, by: 'plan-review', kind: 'held' },
    { name: 'policy lists it but nobody says so', list: listed, by: 'nobody', kind: 'held' },
    { name: 'policy lists it and only Manager says so', list: listed, by: 'manager', kind: 'refused' },
  ] as const)('where $name: $kind', async ({ list, by, kind }) => {
    const draft = draftOf(keys);
    draft.setting.policy = { ...OPEN_POLICY, without_security: [...list] };
    draft.signatures.delete('security');
    if (by !== 'nobody') draft.signatures.set(by, () => late(by, { security: 'not-in-workflow' }));
    using delivered = await deliver(draft);
    expect(delivered.end.kind).toBe(kind);
    expect(delivered.line.touched.length > 0).toBe(kind === 'ran');
  });
});

describe('a task_id', () => {
  it('is used up by a claim: sent again, it gets the recorded outcome and no new report', async () => {
    using first = await deliver(draftOf(keys));
    const { line, delivery, end } = first;
    const touched = [...line.touched];
    for (const jobId of [task.task_id, `${task.task_id}~2`]) {
      expect(await line.deliver({ ...delivery, jobId })).toEqual({ ...end, kind: 'recorded' });
    }
    expect(line.touched).toEqual(touched);
    expect(line.reports()).toHaveLength(1);
  });

  it('is not used up by a refusal', async () => {
    const draft = draftOf(keys, actionsTask({ not_before: utcTime(NOW + HOUR / 2) }));
    using early = await deliver(draft);
    const { line, delivery } = early;
    expect(early.end.kind).toBe('refused');
    line.setting.now = NOW + HOUR / 2;
    expect(await line.deliver(delivery)).toMatchObject({ kind: 'ran' });
    expect(line.reports().map(({ evidence }) => evidence.final)).toEqual([false, true]);
  });
});
