import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedger } from '../../../src/adapters/ledger/index.ts';
import { targetsOf } from '../../../src/admission/facts.ts';
import { taskDigest } from '../../../src/contract/digest.ts';
import type { EnvironmentChange } from '../../../src/contract/ops-output.ts';
import type { Task } from '../../../src/contract/task.ts';
import type { Step } from '../../../src/planning/step.ts';
import type { StepChange } from '../../../src/services/ledger.ts';
import { nothingRan } from '../../../src/services/ops-output.ts';
import {
  actionsTask,
  claimed,
  HOUR,
  START,
  statesOf,
  TestClock,
  temporaryFolder,
  testLedger,
  undoTask,
} from '../../services/support.ts';
import { statement } from '../../support/statement.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const opsOutput = nothingRan('task-1', 'config', { code: 'c', message: 'm', owner: 'manager' });
const step = (target: string): Step => ({
  kind: 'probe',
  target,
  title: `check ${target}`,
  probe: { type: 'file', service: target, path: '/x' },
});

function setUp() {
  const clock = new TestClock();
  const path = join(temporaryFolder(), 'ledger.db');
  return { clock, path, ledger: testLedger(clock, path) };
}

/** Another connection to the same file. */
function rawly(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  return db;
}

const candidate = (task: Task) => ({
  task,
  digest: taskDigest(task),
  actions: [],
  targets: targetsOf(task, [], 'mini-1'),
});

describe('a transaction', () => {
  it('is all or nothing', async () => {
    const { ledger } = setUp();
    const work = ledger.commit(() => {
      ledger.claim({ task: actionsTask(), digest, tokens: [], attestedBy: [], claimedAt: START });
      ledger.addSteps('task-1', [{ n: 1, action: 1, step: step('a') }]);
      ledger.append('report', 'r', () => ({}));
      ledger.addLateToken({ sub: 'task-1', iss: 'alice', iat: 1 }, 'token');
      ledger.moveControlCursor('9-9');
      ledger.countDelivery('job');
      ledger.audit({ event: 'claimed' });
      throw new Error('power cut');
    });
    await expect(work).rejects.toThrow('power cut');
    expect([ledger.task('task-1'), ledger.steps('task-1'), ledger.messagesAfter(0, 9)]).toEqual([undefined, [], []]);
    expect([ledger.lateTokens(['task-1']), ledger.controlCursor(), ledger.auditHead().seq]).toEqual([[], '0-0', 0]);
    expect(await ledger.commit(() => ledger.countDelivery('job'))).toBe(1);
  });

  it('returns what its work returns, and is seen by other connections at once', async () => {
    const { ledger, path } = setUp();
    expect(await ledger.commit(() => ledger.append('report', 'r', (seq) => ({ seq })).seq)).toBe(1);
    expect(rawly(path).prepare('SELECT id FROM outbox').all()).toEqual([{ id: 'r' }]);
  });

  it('within another one is refused, and the outer one goes on', async () => {
    const { ledger } = setUp();
    let inner: Promise<unknown> = Promise.resolve();
    await ledger.commit(() => {
      ledger.moveControlCursor('1-0');
      inner = ledger.commit(() => ledger.moveControlCursor('2-0'));
      inner.catch(() => undefined);
    });
    await expect(inner).rejects.toThrow(/within another/);
    expect(ledger.controlCursor()).toBe('1-0');
  });
});

const idsIn = (path: string) =>
  rawly(path)
    .prepare('SELECT id FROM outbox ORDER BY seq')
    .all()
    .map(({ id }) => id);

describe('transactions that share a commit', () => {
  it('are each all or nothing: one that fails takes nothing from the others', async () => {
    const { ledger, path } = setUp();
    const append = (id: string) => ledger.append('report', id, (seq) => ({ seq }));
    const outcomes = await Promise.allSettled([
      ledger.commit(() => append('a').seq),
      ledger.commit(() => {
        append('lost');
        ledger.audit({ event: 'lost' });
        throw new Error('no');
      }),
      ledger.commit(() => append('b').seq),
      ledger.commit(() => append('a')),
      ledger.commit(() => append('c').seq),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(idsIn(path)).toEqual(['a', 'b', 'c']);
    expect(ledger.messagesAfter(0, 9).map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect([...ledger.auditEntries()]).toEqual([]);
  });

  it('are on the disk when they say so, each of many in one turn', async () => {
    const { ledger, path } = setUp();
    const all = Array.from({ length: 50 }, async (_, n) => {
      await ledger.commit(() => ledger.append('report', `r${n}`, () => ({})));
      return idsIn(path).includes(`r${n}`);
    });
    expect(await Promise.all(all)).not.toContain(false);
  });

  it('are seen here at once, and are on the disk before anything that is committed later', async () => {
    const { ledger, path } = setUp();
    ledger.write(() => ledger.append('report', 'first', () => ({})));
    expect(ledger.messagesAfter(0, 9)).toHaveLength(1);
    expect(idsIn(path)).toEqual([]);
    await ledger.commit(() => ledger.append('report', 'second', () => ({})));
    expect(idsIn(path)).toEqual(['first', 'second']);
  });

  it('are soon on the disk although nobody waits for them', async () => {
    const { ledger, path } = setUp();
    ledger.write(() => ledger.append('report', 'a', () => ({})));
    await expect.poll(() => idsIn(path)).toEqual(['a']);
  });

  it('are not lost by an orderly end', () => {
    const { clock } = setUp();
    const path = join(temporaryFolder(), 'ledger.db');
    const ledger = openLedger(path, clock);
    ledger.write(() => ledger.append('report', 'a', () => ({})));
    ledger.close();
    expect(idsIn(path)).toEqual(['a']);
  });
});

describe('tasks and steps', () => {
  it('are claimed once', async () => {
    const { ledger } = setUp();
    await claimed(ledger, actionsTask());
    await expect(claimed(ledger, actionsTask({ reason: 'other' }))).rejects.toThrow(/UNIQUE/);
    expect(ledger.task('task-1')?.task.reason).toBe('a test');
  });

  it('are concluded once', async () => {
    const { ledger } = setUp();
    await claimed(ledger, actionsTask());
    const conclude = (outcome: 'completed' | 'failed') =>
      ledger.commit(() => ledger.conclude('task-1', { at: START, outcome, reason: null, opsOutput }));
    await conclude('completed');
    await expect(conclude('failed')).rejects.toThrow('no open task task-1');
    expect(ledger.task('task-1')?.ended?.outcome).toBe('completed');
  });

  it('come back as they were written', async () => {
    const { ledger } = setUp();
    const attestedBy = [{ role: 'manager' as const, principal: 'm', kid: 'k' }];
    await ledger.commit(() =>
      ledger.claim({ task: actionsTask(), digest, tokens: ['t1', 't2'], attestedBy, claimedAt: START }),
    );
    const open = { task: actionsTask(), digest, tokens: ['t1', 't2'], attestedBy, claimedAt: START };
    expect(ledger.task('task-1')).toEqual({ ...open, ended: null, undoneBy: null });
    expect(ledger.openTasks()).toHaveLength(1);
    const ended = { at: START + 5, outcome: 'failed' as const, reason: 'c', opsOutput };
    await ledger.commit(() => {
      ledger.conclude('task-1', ended);
      ledger.markUndone('task-1', 'undo-1');
    });
    expect(ledger.task('task-1')).toEqual({ ...open, ended, undoneBy: 'undo-1' });
    expect(ledger.openTasks()).toEqual([]);
  });

  it('are listed the newest first, and open ones the oldest first, though the clock went backward', async () => {
    const { ledger } = setUp();
    for (const [index, task_id] of ['a', 'b', 'c'].entries()) {
      const task = actionsTask({ task_id });
      await ledger.commit(() =>
        ledger.claim({ task, digest, tokens: [], attestedBy: [], claimedAt: START + 10 - index }),
      );
    }
    expect(ledger.recentTasks(2).map(({ task }) => task.task_id)).toEqual(['c', 'b']);
    expect(ledger.openTasks().map(({ task }) => task.task_id)).toEqual(['a', 'b', 'c']);
  });

  it('keep what a change of a step does not name', async () => {
    const { ledger } = setUp();
    const added: EnvironmentChange = { variable: 'A', action: 'added', service: 'web' };
    const changes = [
      { state: 'applying', captured: { value: 'old' } },
      { state: 'applied', left: { value: 'new' }, message: 'done', durationMs: 7, health: [], environment: [added] },
      { state: 'undoing' },
    ] satisfies StepChange[];
    await ledger.commit(() => {
      ledger.addSteps('task-1', [{ n: 1, action: 2, step: step('a') }]);
      for (const change of changes) ledger.changeStep('task-1', 1, { ...change, health: [] });
    });
    expect(ledger.steps('task-1')).toEqual([
      {
        n: 1,
        action: 2,
        step: step('a'),
        state: 'undoing',
        captured: { value: 'old' },
        left: { value: 'new' },
        message: 'done',
        durationMs: 7,
        health: [],
        environment: [added],
      },
    ]);
  });

  it('name the newest later task that stands on the same target', async () => {
    const { ledger } = setUp();
    const add = async (task_id: string, target: string, state: 'applied' | 'undone') => {
      await claimed(ledger, actionsTask({ task_id }));
      await ledger.commit(() => {
        ledger.addSteps(task_id, [{ n: 1, action: 1, step: step(target) }]);
        ledger.changeStep(task_id, 1, { state });
      });
    };
    await add('t0', '/a', 'applied');
    await add('t1', '/a', 'applied');
    await add('t2', '/a', 'applied');
    await add('t3', '/a', 'undone');
    await add('t4', '/b', 'applied');
    expect(['t0', 't1', 't2', 't4'].map((id) => ledger.laterTaskOn(step('/a'), id))).toEqual([
      't2',
      't2',
      undefined,
      undefined,
    ]);
  });
});

const report = (task_id: string, n: number) => ({ ops_output: {}, evidence: { task_id, n } });

const reportOf = (final: boolean) => ({ evidence: { task_id: 'a', final } });

const said = (task_id: string, outcome: string, final: boolean) => ({ evidence: { task_id, outcome, final } });

describe('the outbox', () => {
  it('counts without gaps, across rollbacks and restarts', async () => {
    const { ledger, path, clock } = setUp();
    await ledger.commit(() => ledger.append('report', 'a', () => ({})));
    await ledger
      .commit(() => {
        ledger.append('report', 'lost', () => ({}));
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await ledger.commit(() => ledger.append('alert', 'b', () => ({})));
    const again = openLedger(path, clock);
    onTestFinished(() => again.close());
    await again.commit(() => again.append('report', 'c', (seq) => ({ mine: seq })));
    expect(ledger.messagesAfter(0, 10).map(({ seq, id }) => `${seq} ${id}`)).toEqual(['1 a', '2 b', '3 c']);
    expect(ledger.messagesAfter(1, 1).map(({ id }) => id)).toEqual(['b']);
    expect(ledger.messagesAfter(2, 9)).toEqual([{ seq: 3, kind: 'report', id: 'c', body: { mine: 3 } }]);
  });

  it('takes an id once', async () => {
    const { ledger } = setUp();
    await ledger.commit(() => ledger.append('report', 'a', () => ({})));
    await expect(ledger.commit(() => ledger.append('report', 'a', () => ({})))).rejects.toThrow(/UNIQUE/);
  });

  it('finds the last message before a moment', async () => {
    const { ledger, clock } = setUp();
    for (const id of ['a', 'b', 'c']) {
      await ledger.commit(() => ledger.append('report', id, () => ({})));
      clock.advance(HOUR);
    }
    const at = (ms: number) => ledger.lastSeqBefore(START + ms);
    expect([at(0), at(1), at(HOUR), at(HOUR + 1), at(9 * HOUR)]).toEqual([0, 1, 1, 2, 3]);
  });

  it('finds the final report of a task, however many copies of it were refused since', async () => {
    const { ledger } = setUp();
    await ledger.commit(() => {
      ledger.append('report', 'the-final-one', () => reportOf(true));
      for (let n = 1; n <= 50; n += 1) ledger.append('report', `r${n}`, () => reportOf(false));
    });
    expect(ledger.reports('a')).toHaveLength(20);
    expect(ledger.reports('a')[0]).toMatchObject(reportOf(true));
  });

  it('tells the outcomes of reports, and how long their tasks took', async () => {
    const { ledger } = setUp();
    await claimed(ledger, actionsTask({ task_id: 'a' }));
    await ledger.commit(() => {
      ledger.append('report', 'refused', () => said('a', 'refused', false));
      ledger.conclude('a', { at: START + 1_234, outcome: 'failed', reason: null, opsOutput });
      ledger.append('alert', 'alert', () => ({ alert: {} }));
      ledger.append('report', 'final', () => said('a', 'failed', true));
      ledger.append('report', 'unclaimed', () => said('b', 'expired', false));
    });
    const all = [
      { seq: 1, outcome: 'refused', durationMs: null },
      { seq: 3, outcome: 'failed', durationMs: 1_234 },
      { seq: 4, outcome: 'expired', durationMs: null },
    ];
    expect(ledger.outcomesAfter(0, 9)).toEqual(all);
    expect(ledger.outcomesAfter(1, 1)).toEqual([all[1]]);
    expect(ledger.outcomesAfter(4, 9)).toEqual([]);
  });

  it('finds the newest reports of a task, and the newest alerts', async () => {
    const { ledger } = setUp();
    await ledger.commit(() => {
      for (let n = 1; n <= 2; n += 1) ledger.append('report', `r${n}`, () => report('a', n));
      ledger.append('report', 'r3', () => report('b', 3));
      for (let n = 1; n <= 25; n += 1) ledger.append('alert', `a${n}`, () => ({ alert: { alert_id: `a${n}` } }));
    });
    expect(ledger.reports('a')).toMatchObject([{ evidence: { n: 2 } }, { evidence: { n: 1 } }]);
    expect(ledger.reports('none')).toEqual([]);
    expect(ledger.alerts().map(({ alert_id }) => alert_id)).toHaveLength(20);
    expect(ledger.alerts()[0]?.alert_id).toBe('a25');
  });
});

const held = (jobId: string, until: number, missing = ['not-approved']) => ({
  task_id: 'task-1',
  digest,
  queue: 'ops',
  jobId,
  name: 'config',
  data: { task: actionsTask(), attestations: ['t'] },
  missing,
  until,
});

describe('held tasks', () => {
  it('come back as they were written, who expires first at first, one row a job', async () => {
    const { ledger } = setUp();
    await ledger.commit(() => {
      ledger.hold(held('b', 2));
      ledger.hold(held('a', 1));
      ledger.hold(held('b', 2, ['not-cleared']));
    });
    const rows = [held('a', 1), held('b', 2, ['not-cleared'])];
    expect(ledger.held()).toMatchObject(rows.map(({ jobId, missing }) => ({ jobId, missing, plan_id: 'plan-1' })));
    expect(Object.keys(ledger.held()[0] ?? {})).not.toContain('data');
    expect(ledger.heldData({ queue: 'ops', jobId: 'a' })).toEqual(held('a', 1).data);
    expect(ledger.heldData({ queue: 'ops', jobId: 'c' })).toBeUndefined();
    await ledger.commit(() => ledger.release({ queue: 'ops', jobId: 'a' }));
    expect(ledger.held().map(({ jobId }) => jobId)).toEqual(['b']);
    await ledger.commit(() => ledger.releaseAll(digest));
    expect(ledger.held()).toEqual([]);
  });
});

describe('what admission asks', () => {
  it('begins with its birth, which no later start changes', () => {
    const { ledger, path, clock } = setUp();
    clock.advance(HOUR);
    const again = openLedger(path, clock);
    onTestFinished(() => again.close());
    const facts = { bornAt: START, claimedDigest: null, withdrawals: [], original: null };
    expect(ledger.factsFor(candidate(actionsTask()), START)).toMatchObject(facts);
    expect(again.factsFor(candidate(actionsTask()), START)).toMatchObject(facts);
  });

  it('keeps the latest time seen, which a clock that was set back does not lower', async () => {
    const { ledger, path, clock } = setUp();
    const seen = (now: number) => {
      const before = ledger.factsFor(candidate(actionsTask()), now).highWaterAt;
      ledger.write(() => ledger.sawTime(now));
      return before;
    };
    seen(START + HOUR);
    expect(seen(START)).toBe(START + HOUR);
    expect(seen(START + HOUR + 5_000)).toBe(START + HOUR);
    expect(seen(START + 2 * HOUR)).toBeGreaterThanOrEqual(START + HOUR);
    expect(seen(START)).toBe(START + 2 * HOUR);
    await ledger.commit(() => undefined);
    const again = openLedger(path, clock);
    onTestFinished(() => again.close());
    expect(again.factsFor(candidate(actionsTask()), START).highWaterAt).toBe(START + 2 * HOUR);
  });

  it('knows the digest under which an id was used, and who withdrew it', async () => {
    const { ledger } = setUp();
    const task = actionsTask();
    await claimed(ledger, task);
    const veto = { verb: 'veto', target: 'plan:plan-1', reason: 'r', by: 's' };
    await ledger.commit(() => ledger.addStatement(statement('veto', 'plan:plan-1', { reason: 'r', iss: 's' }), 't'));
    expect(ledger.factsFor(candidate(task), START)).toMatchObject({
      claimedDigest: taskDigest(task),
      withdrawals: [veto],
    });
  });

  it('knows a task by the commits and artifacts in it, too', async () => {
    const { ledger } = setUp();
    const commit = `commit:${'a'.repeat(40)}`;
    const bringing = { ...candidate(actionsTask()), targets: targetsOf(actionsTask(), [commit], 'mini-1') };
    await ledger.commit(() => ledger.addStatement(statement('veto', commit), 't'));
    expect(ledger.factsFor(bringing, START).withdrawals).toMatchObject([{ verb: 'veto', target: commit }]);
    expect(ledger.factsFor(candidate(actionsTask()), START).withdrawals).toEqual([]);
  });

  it.each([
    ['never ran', () => undefined, null],
    ['has not ended', () => undefined, 'it has not ended yet'],
    ['changed nothing', (end: () => void) => end(), 'it changed nothing'],
  ])('says why what %s cannot be undone', async (what, change, undoProblem) => {
    const { ledger } = setUp();
    const task = actionsTask();
    if (what !== 'never ran') await claimed(ledger, task);
    const end = () => ledger.conclude('task-1', { at: START, outcome: 'completed', reason: null, opsOutput });
    await ledger.commit(() => change(end));
    const { original } = ledger.factsFor(candidate(undoTask(task)), START);
    expect(original).toEqual(undoProblem && { digest: taskDigest(task), undoProblem });
  });
});

describe('counting deliveries', () => {
  it('counts each job by itself, until it is forgotten', async () => {
    const { ledger } = setUp();
    const counts = await ledger.commit(() => ['a', 'a', 'b', 'a'].map((job) => ledger.countDelivery(job)));
    expect(counts).toEqual([1, 2, 1, 3]);
    await ledger.commit(() => ledger.forgetDeliveries('a'));
    expect(await ledger.commit(() => ledger.countDelivery('a'))).toBe(1);
  });
});

describe('the file', () => {
  it('is durable at each commit', () => {
    const { path, ledger } = setUp();
    expect(statesOf(ledger, 'none')).toEqual([]);
    expect(rawly(path).prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(statSync(path).size).toBeGreaterThan(0);
  });

  it('F63: of a newer version is refused, and left alone', () => {
    const { path, clock } = setUp();
    rawly(path).exec('PRAGMA user_version = 99');
    expect(() => openLedger(path, clock)).toThrow(
      /is of a newer version \(99, this one knows \d+\): upgrade savorg-ops/,
    );
  });

  it('can be opened for reading only: it must be there, and nothing can be written', async () => {
    const { ledger, path, clock } = setUp();
    await claimed(ledger, actionsTask());
    const reader = openLedger(path, clock, { readOnly: true });
    onTestFinished(() => reader.close());
    expect(reader.task('task-1')?.digest).toBe(taskDigest(actionsTask()));
    await expect(reader.commit(() => reader.moveControlCursor('1-0'))).rejects.toThrow(/readonly/);
    const none = join(temporaryFolder(), 'ledger.db');
    expect(() => openLedger(none, clock, { readOnly: true })).toThrow(/there is no ledger .* "ops up"/);
  });

  it('F63: of a newer version is refused for reading, too', () => {
    const { path, clock } = setUp();
    rawly(path).exec('PRAGMA user_version = 99');
    expect(() => openLedger(path, clock, { readOnly: true }).close()).toThrow(/newer version/);
  });

  it('of an older version can only be read once a daemon has brought it up to date', () => {
    const { path, clock } = setUp();
    rawly(path).exec('PRAGMA user_version = 0');
    expect(() => openLedger(path, clock, { readOnly: true }).close()).toThrow(/older version .* start the daemon/);
  });
});
