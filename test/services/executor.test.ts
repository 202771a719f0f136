import { describe, expect, it } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { Report } from '../../src/contract/report.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import { OpsError } from '../../src/errors.ts';
import { runPlan } from '../../src/planning/run-plan.ts';
import { nothingRan as nothingRanOutput } from '../../src/services/ops-output.ts';
import { WEB } from '../jobs/apps.ts';
import { statement } from '../support/statement.ts';
import {
  actionsTask,
  allTokens,
  boundActions,
  claimed,
  deliver,
  HOUR,
  MemoryStream,
  reports,
  runCommand,
  START,
  sign,
  statesOf,
  submit,
  TestClock,
  type TestLine,
  testLedger,
  testLine,
  testRing,
  undoTask,
  untilAborted,
  withdrawal,
  writeFile,
} from './support.ts';

const lastEvidence = ({ ledger }: TestLine) =>
  Report.parse({ ...reports(ledger).at(-1)?.body, signature: 'to come' }).evidence;

const events = ({ ledger }: TestLine) => [...ledger.auditEntries()].map(({ event }) => event);

const NOTHING = nothingRanOutput('task-1', 'config', { code: 'c', message: 'm', owner: 'manager' });

const nothing = async (): Promise<void> => undefined;

const unreadable = () => {
  throw new OpsError('etc/apps.yaml cannot be used');
};

const nothingRan = ({ machine, ledger }: TestLine) => {
  expect([machine.ran, machine.touched]).toEqual([[], []]);
  expect(ledger.recentTasks(10)).toEqual([]);
};

/** The command `slow` says when it has begun, and ends when its gate is opened. */
function slowCommand({ machine }: Awaited<ReturnType<typeof testLine>>) {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  machine.when('slow', async () => {
    begun.resolve();
    await gate.promise;
    return {};
  });
  return { gate, begun };
}

describe('a good task', () => {
  it('runs, is claimed before anything else happens, and is reported once', async () => {
    const line = await testLine();
    let before: string[] = [];
    line.machine.beforeWrite = async () => {
      before = events(line);
    };
    const end = await submit(line, actionsTask());
    expect(end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(before).toEqual(['claimed', 'planned', 'step-applying']);
    expect(reports(line.ledger)).toHaveLength(1);
    expect(lastEvidence(line)).toMatchObject({
      final: true,
      outcome: 'completed',
      attested_by: [{ role: 'manager' }, { role: 'plan-review' }, { role: 'security' }],
    });
  });

  it('reads no fact before its claim', async () => {
    const line = await testLine();
    const answer = line.machine.answer.bind(line.machine);
    line.machine.answer = (query) => {
      expect(line.ledger.task('task-1')?.ended).toBeNull();
      return answer(query);
    };
    expect(await submit(line, actionsTask())).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
  });

  it('waits for those before it that need the same, and then sees what they left', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const slow = actionsTask({
      task_id: 'slow',
      actions: [runCommand(['slow'], { resources: ['service:db'] }), writeFile('/etc/a', 'first')],
    });
    const first = submit(line, slow);
    await begun.promise;
    const second = submit(line, actionsTask({ task_id: 'second' }));
    await expect.poll(() => events(line)).toContain('step-applying');
    expect(line.ledger.task('second')).toBeUndefined();
    gate.resolve();
    await Promise.all([first, second]);
    expect(line.machine.contentOf('/etc/a')).toBe('new');
    expect(line.ledger.task('second')?.ended?.outcome).toBe('completed');
  });

  it('is admitted again after the wait for its locks', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const first = submit(
      line,
      actionsTask({ task_id: 'slow', actions: [runCommand(['slow'], { resources: ['a:a'] })] }),
    );
    await begun.promise;
    const waiting = submit(line, actionsTask({ actions: [runCommand(['never'], { resources: ['a:a'] })] }));
    await new Promise((resolve) => setImmediate(resolve));
    line.stream.send(await withdrawal('veto', 'task:task-1'));
    gate.resolve();
    await first;
    expect(await waiting).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'vetoed' }] } });
    expect(line.machine.ran).toEqual(['slow']);
  });
});

describe('a key that is revoked while a task waits for its locks', () => {
  it('F35: no longer counts when the task is admitted again', async () => {
    const clock = new TestClock();
    let ring = await testRing();
    const line = await testLine({ clock, verifier: () => verifierBy(() => ring, clock) });
    const { gate, begun } = slowCommand(line);
    const needing = { resources: ['a:a'] };
    const first = submit(line, actionsTask({ task_id: 'slow', actions: [runCommand(['slow'], needing)] }));
    await begun.promise;
    const waiting = submit(line, actionsTask({ actions: [runCommand(['never'], needing)] }));
    await new Promise((resolve) => setImmediate(resolve));
    const revoked_at = '2026-11-23T09:00:00Z';
    ring = { ...ring, keys: ring.keys.map((key) => (key.role === 'security' ? { ...key, revoked_at } : key)) };
    gate.resolve();
    await first;
    expect(await waiting).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'revoked-key' }] } });
    expect(line.machine.ran).toEqual(['slow']);
  });
});

describe('a signature that expires', () => {
  it('F35: while the task waits for its locks, refuses it', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const needing = { resources: ['a:a'] };
    const first = submit(line, actionsTask({ task_id: 'slow', actions: [runCommand(['slow'], needing)] }));
    await begun.promise;
    const task = actionsTask({ actions: [runCommand(['never'], needing)] });
    const tokens = await Promise.all([
      sign('manager', task),
      sign('plan-review', task, START, HOUR / 60),
      sign('security', task),
    ]);
    const waiting = deliver(line, task, tokens);
    await new Promise((resolve) => setImmediate(resolve));
    line.clock.advance(HOUR / 60);
    gate.resolve();
    await first;
    expect(await waiting).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'token-expired' }] } });
    expect(line.machine.ran).toEqual(['slow']);
  });

  it('F35: while the task runs, changes nothing: it was admitted in time', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const task = actionsTask({ actions: [runCommand(['slow']), writeFile('/etc/a', 'new')] });
    const ran = submit(line, task);
    await begun.promise;
    line.clock.advance(30 * 24 * HOUR);
    gate.resolve();
    expect(await ran).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.machine.contentOf('/etc/a')).toBe('new');
  });
});

describe('a delivery of what was claimed', () => {
  it('gets the recorded outcome, without a second run or report', async () => {
    const line = await testLine();
    const first = await submit(line, actionsTask());
    line.machine.put('/etc/a', 'changed by hand');
    const again = await submit(line, actionsTask());
    expect(again).toEqual({ ...first, kind: 'recorded' });
    expect(line.machine.touched).toEqual(['/etc/a']);
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it.each([
    ['under its own id', 'task-1', (line: TestLine) => line],
    ['under another id', 'task-1~2', (line: TestLine) => line],
    ['after a restart', 'task-1', ({ parts }: TestLine) => testLine(parts)],
    [
      'after a restart, with another Redis',
      'task-1',
      ({ parts }: TestLine) => testLine({ ...parts, stream: new MemoryStream() }),
    ],
  ])('T3: changes nothing where it is replayed %s', async (_, jobId, then) => {
    const line = await testLine();
    const task = actionsTask({ actions: [runCommand(['once'])] });
    const tokens = await allTokens(task);
    const first = await deliver(line, task, tokens);
    const again = await deliver(await then(line), task, tokens, jobId);
    expect(again).toEqual({ ...first, kind: 'recorded' });
    expect(line.machine.ran).toEqual(['once']);
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('is looked at again later while the task runs, and then gets its outcome', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const task = actionsTask({ actions: [runCommand(['slow'])] });
    const tokens = await allTokens(task);
    const first = submit(line, task);
    await begun.promise;
    expect(await deliver(line, task, tokens, 'task-1~2')).toEqual({ kind: 'open' });
    gate.resolve();
    const ran = await first;
    expect(await deliver(line, task, tokens, 'task-1~2')).toEqual({ ...ran, kind: 'recorded' });
    expect(line.machine.ran).toEqual(['slow']);
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('does not wait in a row with the task itself for its locks', async () => {
    const line = await testLine();
    const holder = await line.locks.take(['a:a']);
    const task = actionsTask({ actions: [runCommand(['once'], { resources: ['a:a'] })] });
    const first = submit(line, task);
    expect(await deliver(line, task, await allTokens(task), 'task-1~2')).toEqual({ kind: 'open' });
    holder[Symbol.dispose]();
    expect((await first).kind).toBe('ran');
  });

  it.each([
    ['that change something', () => [runCommand(['once'])]],
    [
      'that only look',
      () => [{ action: 'monitoring.probe', with: { check: { type: 'command', service: 's', argv: ['once'] } } }],
    ],
  ])('runs once where two deliveries come together, of actions %s', async (_, actions) => {
    const line = await testLine();
    const task = actionsTask({ actions: actions() });
    const tokens = await allTokens(task);
    const ends = await Promise.all([deliver(line, task, tokens), deliver(line, task, tokens, 'task-1~2')]);
    expect(ends.map(({ kind }) => kind)).not.toContain('refused');
    expect(ends.filter(({ kind }) => kind === 'ran')).toHaveLength(1);
    expect(line.machine.ran).toEqual(['once']);
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('is left open where an earlier daemon began it and this one does not know', async () => {
    const line = await testLine();
    const task = actionsTask();
    await claimed(line.ledger, task);
    expect(await submit(line, task)).toEqual({ kind: 'open' });
    expect(line.machine.touched).toEqual([]);
    expect(reports(line.ledger)).toEqual([]);
  });

  it('F31: of other content is refused, and the first stays as it is', async () => {
    const line = await testLine();
    await submit(line, actionsTask());
    const end = await submit(line, actionsTask({ reason: 'other' }));
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'id-reused' }] } });
    expect(lastEvidence(line).final).toBe(false);
    expect(line.ledger.task('task-1')?.task.reason).toBe('a test');
  });
});

async function held(line: TestLine, attested: ('manager' | 'plan-review' | 'security')[] = ['manager']) {
  const task = actionsTask();
  const tokens = await Promise.all(attested.map((role) => sign(role, task)));
  return { task, tokens, again: () => deliver(line, task, tokens) };
}

describe('a task whose signatures are not complete', () => {
  it('is held, nothing runs and nothing is reported', async () => {
    const line = await testLine();
    const { task, again } = await held(line);
    const end = await again();
    const until = Date.parse(task.expires_at);
    expect(end).toMatchObject({ kind: 'held', missing: ['not-approved', 'not-cleared'], until });
    expect(line.ledger.held()).toMatchObject([
      { task_id: 'task-1', queue: 'ops', jobId: 'task-1', name: 'config', missing: ['not-approved', 'not-cleared'] },
    ]);
    nothingRan(line);
    expect(reports(line.ledger)).toEqual([]);
    expect(events(line)).toEqual(['held']);
  });

  it('is told once, however often somebody has it delivered, with whichever of its signatures', async () => {
    const line = await testLine();
    const { task, tokens, again } = await held(line, ['manager', 'plan-review']);
    for (let n = 0; n < 20; n += 1) {
      await again();
      await deliver(line, task, tokens.slice(0, 1));
    }
    expect(events(line)).toEqual(['held', 'held']);
  });

  it('is held no more where it kills the daemon each time it is delivered', async () => {
    const line = await testLine();
    const { task, tokens, again } = await held(line);
    await again();
    const delivery = { queue: 'ops', jobId: task.task_id, name: 'config', scheduled: false };
    const data = { task, attestations: tokens };
    await line.executor.execute({ ...delivery, data: null, deliveries: 0 }, async () => undefined);
    expect(line.ledger.held()).toHaveLength(1);
    await line.executor.execute({ ...delivery, data, deliveries: 5 }, async () => undefined);
    expect(line.ledger.held()).toEqual([]);
  });

  it('runs when the last signature has come on the control stream', async () => {
    const line = await testLine();
    const { task, again } = await held(line);
    await again();
    line.stream.send(await sign('security', task));
    expect(await again()).toMatchObject({ kind: 'held', missing: ['not-approved'] });
    line.stream.send(await sign('plan-review', task));
    expect(await again()).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.ledger.held()).toEqual([]);
    expect(
      lastEvidence(line)
        .attested_by.map(({ role }) => role)
        .toSorted(),
    ).toEqual(['manager', 'plan-review', 'security']);
  });

  const lateTokens: [string, (task: ActionsTask, now: number) => Promise<string>][] = [
    ['of other content', (task) => sign('security', { ...task, reason: 'other' })],
    ['that expired', (task, now) => sign('security', task, now - 2 * HOUR, HOUR)],
    ['of a role that has no say', (task) => sign('operator', task)],
    ['of no form', async () => 'junk'],
  ];
  it.each(lateTokens)('is still held after a late token %s', async (_, late) => {
    const line = await testLine();
    const { task, again } = await held(line);
    await again();
    line.clock.advance(HOUR);
    line.stream.send(await late(task, line.clock.now()));
    expect(await again()).toMatchObject({ kind: 'held', missing: ['not-approved', 'not-cleared'] });
    for (const role of ['plan-review', 'security'] as const) line.stream.send(await sign(role, task, line.clock.now()));
    expect(await again()).toMatchObject({ kind: 'ran' });
  });

  it('is not left waiting for a signature that comes while another one is being verified', async () => {
    const stream = new MemoryStream();
    const task = actionsTask();
    const [approval, clearance] = await Promise.all([sign('plan-review', task), sign('security', task)]);
    stream.send(approval);
    let woken = false;
    let meanwhile = nothing;
    const line: TestLine = await testLine({
      stream,
      listener: {
        attested: () => {
          woken ||= line.ledger.held().length > 0;
        },
      },
      verifier: (real) => ({
        ...real,
        attestation: async (token) => {
          if (token === approval && line.ledger.controlCursor() !== '0-0') await meanwhile();
          return real.attestation(token);
        },
      }),
    });
    meanwhile = async () => {
      meanwhile = nothing;
      stream.send(clearance);
      await line.control.catchUp();
    };
    const end = await deliver(line, task, [await sign('manager', task)]);
    // Either it saw the clearance, or it was held before the clearance came and is woken by it.
    expect(end.kind === 'ran' || woken).toBe(true);
  });

  it('is not pushed out by a copy with other signatures, and ends all of its copies when it runs', async () => {
    const line = await testLine();
    const { task, again } = await held(line);
    await again();
    const copy = [await sign('manager', task), await sign('security', task)];
    await deliver(line, task, copy, 'task-1~2');
    expect(line.ledger.held().map(({ jobId, missing }) => [jobId, missing])).toEqual([
      ['task-1', ['not-approved', 'not-cleared']],
      ['task-1~2', ['not-approved']],
    ]);
    for (const role of ['plan-review', 'security'] as const) line.stream.send(await sign(role, task));
    expect(await again()).toMatchObject({ kind: 'ran' });
    expect(line.ledger.held()).toEqual([]);
  });

  it('is reported as blocked when it expires', async () => {
    const line = await testLine();
    const { again } = await held(line);
    await again();
    line.clock.advance(12 * HOUR);
    expect(await again()).toMatchObject({
      kind: 'refused',
      opsOutput: { status: 'blocked', blockers: [{ code: 'expired' }], notes: 'Nothing was run.' },
    });
    expect(line.ledger.held()).toEqual([]);
    expect(lastEvidence(line)).toMatchObject({ outcome: 'expired', final: false });
    nothingRan(line);
  });
});

describe('a refusal', () => {
  it('does not use the id up', async () => {
    const line = await testLine();
    const early = actionsTask({ not_before: '2026-11-23T10:00:00Z' });
    expect(await submit(line, early)).toMatchObject({
      kind: 'refused',
      opsOutput: { blockers: [{ code: 'too-early' }] },
    });
    nothingRan(line);
    line.clock.advance(HOUR);
    expect(await submit(line, early)).toMatchObject({ kind: 'ran' });
    expect(reports(line.ledger)).toHaveLength(2);
  });

  it.each([
    ['no task at all', null, { task_id: 'job-1', operation_type: 'infra' }, 'malformed'],
    ['an unreadable id', { task: { task_id: 7 }, attestations: [] }, { task_id: 'job-1' }, 'malformed'],
    [
      'a readable heading',
      { task: { task_id: 'named', operation_type: 'deploy' }, attestations: [] },
      { task_id: 'named', operation_type: 'deploy' },
      'malformed',
    ],
  ])('of %s is a valid report', async (_, data, heading, code) => {
    const line = await testLine();
    const delivery = { queue: 'ops', jobId: 'job-1', name: 'config', data, scheduled: false, deliveries: 0 };
    const end = await line.executor.execute(delivery, async () => undefined);
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { ...heading, blockers: [{ code }] } });
    expect(lastEvidence(line)).toMatchObject({ digest: null, outcome: 'refused', reason: code, final: false });
    nothingRan(line);
  });

  it('comes before anything is verified where it was delivered too often', async () => {
    const line = await testLine({ verifier: () => ({}) as never });
    const task = actionsTask();
    const data = { task, attestations: ['x'] };
    const delivery = { queue: 'ops', jobId: 'task-1', name: 'config', data, scheduled: false, deliveries: 5 };
    expect(await line.executor.execute(delivery, async () => undefined)).toMatchObject({
      kind: 'refused',
      opsOutput: { blockers: [{ code: 'delivered-too-often', owner: 'operator' }] },
    });
  });

  it('of what bears no valid signature is reported 60 times a minute, the rest by one alert', async () => {
    const line = await testLine();
    for (let n = 0; n < 75; n += 1) {
      expect(await deliver(line, actionsTask({ task_id: `t-${n}` }), [])).toMatchObject({ kind: 'refused' });
    }
    expect(reports(line.ledger)).toHaveLength(60);
    expect(await submit(line, actionsTask({ host: 'other' }))).toMatchObject({ kind: 'refused' });
    expect(reports(line.ledger)).toHaveLength(61);
    line.clock.advance(60_000);
    await expect
      .poll(() => line.ledger.alerts())
      .toMatchObject([
        {
          code: 'refusals-flood',
          severity: 'warning',
          subject: 'host:mini-1',
          message: expect.stringMatching(/^15 more/),
        },
      ]);
  });
});

describe('what is withdrawn', () => {
  it('F36: is ended while it runs, taken back, and reported as vetoed', async () => {
    const line = await testLine();
    const begun = Promise.withResolvers<void>();
    line.machine.when('serve', untilAborted(begun.resolve));
    const end = submit(line, actionsTask({ actions: [writeFile('/etc/a', 'x'), runCommand(['serve'])] }));
    await begun.promise;
    line.stream.send(await withdrawal('veto', 'plan:plan-1'));
    await line.control.catchUp();
    expect(await end).toMatchObject({ kind: 'ran', opsOutput: { blockers: [{ code: 'vetoed' }] } });
    expect(line.machine.contentOf('/etc/a')).toBeUndefined();
    expect(lastEvidence(line)).toMatchObject({ outcome: 'vetoed', final: true });
  });

  it('F36: after its end is recorded as it was, and can still be taken back', async () => {
    const line = await testLine();
    const task = actionsTask();
    await submit(line, task);
    const record = line.ledger.task('task-1');
    for (const target of ['task:task-1', 'plan:plan-1', 'host:mini-1', 'host:*'])
      line.stream.send(await withdrawal('veto', target));
    expect(await submit(line, task)).toMatchObject({ kind: 'recorded', opsOutput: { status: 'completed' } });
    expect([line.ledger.task('task-1'), reports(line.ledger).length]).toEqual([record, 1]);
    expect(await submit(line, undoTask(task))).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.machine.contentOf('/etc/a')).toBeUndefined();
  });
});

/** Takes Redis away; the result brings it back. */
function cutOff({ stream }: TestLine): () => void {
  const after = stream.after.bind(stream);
  stream.after = () => Promise.reject(new Error('Redis is away'));
  return () => {
    stream.after = after;
  };
}

describe('F37, T11: where the control stream cannot be read', () => {
  it('an unclaimed task waits, and hears of the veto that came meanwhile', async () => {
    const line = await testLine();
    const connect = cutOff(line);
    await expect(submit(line, actionsTask())).rejects.toThrow('Redis is away');
    nothingRan(line);
    expect(reports(line.ledger)).toEqual([]);
    line.stream.send(await withdrawal('veto', 'task:task-1'));
    connect();
    expect(await submit(line, actionsTask())).toMatchObject({ opsOutput: { blockers: [{ code: 'vetoed' }] } });
    expect(await submit(line, actionsTask({ task_id: 'other' }))).toMatchObject({ kind: 'ran' });
  });

  it('a task that waits for its locks does not begin', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const first = submit(line, actionsTask({ actions: [runCommand(['slow'], { resources: ['a:a'] })] }));
    await begun.promise;
    const second = actionsTask({ task_id: 'second', actions: [runCommand(['never'], { resources: ['a:a'] })] });
    const waiting = submit(line, second);
    await expect.poll(() => line.stream.asked.length).toBeGreaterThan(2);
    cutOff(line);
    gate.resolve();
    await expect(waiting).rejects.toThrow('Redis is away');
    expect(await first).toMatchObject({ opsOutput: { status: 'completed' } });
    expect(line.machine.ran).toEqual(['slow']);
  });

  it('a claimed task goes on to its end', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const end = submit(line, actionsTask({ actions: [runCommand(['slow']), writeFile('/etc/a', 'x')] }));
    await begun.promise;
    cutOff(line);
    gate.resolve();
    expect(await end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.machine.contentOf('/etc/a')).toBe('x');
  });
});

describe('a paused task', () => {
  it('is held, and runs once it is resumed', async () => {
    const line = await testLine();
    line.stream.send(await withdrawal('pause', 'plan:plan-1', { role: 'operator' }));
    expect(await submit(line, actionsTask())).toMatchObject({ kind: 'held', missing: ['paused'] });
    nothingRan(line);
    line.stream.send(await withdrawal('resume', 'plan:plan-1', { role: 'operator' }));
    expect(await submit(line, actionsTask())).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
  });

  it.each([
    ['resume', 'ran'],
    ['veto', 'refused'],
  ] as const)('is not left waiting by a %s that comes while it is being held', async (verb, kind) => {
    const ledger = testLedger();
    const hold: typeof ledger.hold = (task) => {
      ledger.hold(task);
      ledger.addStatement(statement(verb, 'host:mini-1', { iat: START / 1000 }), 'token');
    };
    const line = await testLine({ ledger: { ...ledger, hold } });
    line.stream.send(await withdrawal('pause', 'host:mini-1', { role: 'operator' }));
    expect(await submit(line, actionsTask())).toMatchObject({ kind });
    expect(ledger.held()).toEqual([]);
  });

  it('that has begun is not stopped', async () => {
    const line = await testLine();
    const { gate, begun } = slowCommand(line);
    const end = submit(line, actionsTask({ actions: [runCommand(['slow']), writeFile('/etc/a', 'x')] }));
    await begun.promise;
    line.stream.send(await withdrawal('pause', 'host:*', { role: 'security' }));
    await line.control.catchUp();
    gate.resolve();
    expect(await end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
  });
});

describe('an undo task', () => {
  it('is refused where nothing is left to take back', async () => {
    const line = await testLine();
    const task = actionsTask();
    await submit(line, task);
    await submit(line, undoTask(task));
    const again = await submit(line, undoTask(task, { task_id: 'undo-again' }));
    expect(again).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'not-undoable' }] } });
  });

  it('needs what its original needs: it waits for who changes the same', async () => {
    const line = await testLine();
    const task = actionsTask();
    await submit(line, task);
    const other = await line.locks.take(['path:/etc']);
    const undo = submit(line, undoTask(task));
    await expect.poll(() => line.stream.asked.length).toBeGreaterThan(2);
    expect(line.ledger.task('undo-task-1')).toBeUndefined();
    other[Symbol.dispose]();
    expect(await undo).toMatchObject({ kind: 'ran' });
  });

  it('takes the whole host where this version no longer knows what its original needed', async () => {
    const line = await testLine();
    const old = actionsTask({ actions: [{ action: 'config.of-an-older-version', with: { path: '/etc/a' } }] });
    const [planned] = runPlan(boundActions(actionsTask()), [{ file: { exists: false }, owner: null }]);
    await claimed(line.ledger, old);
    line.machine.put('/etc/a', 'new');
    const left = await line.machine.fact('/etc/a');
    await line.ledger.commit(() => {
      line.ledger.addSteps('task-1', planned ? [planned] : []);
      line.ledger.changeStep('task-1', 1, { state: 'applied', captured: { exists: false }, left });
      line.ledger.conclude('task-1', { at: START, outcome: 'completed', reason: null, opsOutput: NOTHING });
    });
    const other = await line.locks.take(['path:/etc/a']);
    const undo = submit(line, undoTask(old));
    await expect.poll(() => line.stream.asked.length).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(line.ledger.task('undo-task-1')).toBeUndefined();
    other[Symbol.dispose]();
    expect(await undo).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.machine.present.size).toBe(0);
  });
});

describe('a task that names an app', () => {
  const task = actionsTask({ actions: [runCommand(['deploy'], { resources: ['app:web/production'] })] });

  it.each([
    ['who writes below its root', () => ({ apps: { web: WEB } }), 'path:/srv/example/production/shared/a'],
    ['who changes its service', () => ({ apps: { web: WEB } }), 'service:pm2/web'],
    ['everybody, where nobody can read where it is', unreadable, 'path:/etc/a'],
  ])('waits for %s', async (_, apps, name) => {
    const line = await testLine({ apps });
    const other = await line.locks.take([name]);
    const end = submit(line, task);
    await expect.poll(() => line.stream.asked.length).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(line.ledger.task('task-1')).toBeUndefined();
    other[Symbol.dispose]();
    expect(await end).toMatchObject({ kind: 'ran' });
  });
});

describe('the daemon stops', () => {
  it('leaves what runs open, and grants what waits nothing', async () => {
    const line = await testLine();
    const begun = Promise.withResolvers<void>();
    line.machine.when('serve', untilAborted(begun.resolve));
    const task = actionsTask({ actions: [runCommand(['serve'])] });
    const end = submit(line, task);
    await begun.promise;
    expect(line.running.taskIds).toEqual(['task-1']);
    line.locks.close();
    await line.running.stop();
    expect(await end).toEqual({ kind: 'open' });
    expect(line.running.taskIds).toEqual([]);
    expect(statesOf(line.ledger, 'task-1')).toEqual(['applying']);
  });
});
