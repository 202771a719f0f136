import { describe, expect, it, onTestFinished } from 'vitest';
import { Report } from '../../src/contract/report.ts';
import type { ActionsTask, Task } from '../../src/contract/task.ts';
import { runPlan } from '../../src/planning/run-plan.ts';
import type { StepChange } from '../../src/services/ledger.ts';
import {
  actionsTask,
  allTokens,
  boundActions,
  claimed,
  deliver,
  HOUR,
  irreversible,
  reports,
  runCommand,
  statesOf,
  submit,
  type TestLine,
  testLine,
  undoTask,
  withdrawal,
  writeFile,
} from './support.ts';

const A = '/etc/a';
const B = '/etc/b';

/** A task that was claimed and planned, as it stands when the daemon dies: `changes` are those of its steps. */
async function died(line: TestLine, task: ActionsTask, changes: StepChange[]): Promise<void> {
  await claimed(line.ledger, task, await allTokens(task));
  const actions = boundActions(task);
  const answers = await Promise.all(
    actions.map(async ({ action, input }) => {
      const queries = Object.entries(action.facts(input));
      return Object.fromEntries(
        await Promise.all(queries.map(async ([name, query]) => [name, await line.machine.answer(query)])),
      );
    }),
  );
  await line.ledger.commit(() => {
    line.ledger.addSteps(task.task_id, runPlan(actions, answers));
    for (const [index, change] of changes.entries()) line.ledger.changeStep(task.task_id, index + 1, change);
  });
}

const ENVIRONMENT = {
  action: 'config.env',
  with: { path: A, service: 'web', format: 'env', set: { MODE: 'new', PORT: '80' }, remove: ['GONE'] },
};

/** The next start of the daemon, until nothing runs any more. */
async function restart(line: TestLine): Promise<TestLine> {
  const next = await testLine(line.parts);
  await next.reconciler.start();
  await next.running.idle();
  return next;
}

function lastReport({ ledger }: TestLine) {
  return Report.parse({ ...reports(ledger).at(-1)?.body, signature: 'to come' });
}

/** A file step that was applying: what was there before is captured. */
async function applyingFile(line: TestLine): Promise<StepChange> {
  const captured = await line.machine.fact(A);
  if (captured.exists) await line.machine.keep(await line.machine.read(A));
  return { state: 'applying', captured };
}

describe('a file step that was open', () => {
  it.each([
    ['done', 'new', 'applied', 'Step 1 of 2 stands or may stand. Take back what can be: /opt/ops undo task-1'],
    ['not done', 'old', 'planned', 'Nothing was changed.'],
    [
      'unknown',
      'half',
      'unknown',
      `What step 1 (write ${A}) did is unknown: look before you send it again. Step 1 of 2 stands or may stand. Take back what can be: /opt/ops undo task-1`,
    ],
  ])('is found %s', async (_, content, state, notes) => {
    const line = await testLine();
    line.machine.put(A, 'old');
    await died(line, actionsTask(), [await applyingFile(line)]);
    line.machine.put(A, content);
    await restart(line);
    expect(statesOf(line.ledger, 'task-1')).toEqual([state, 'planned']);
    expect(line.machine.touched).toEqual([]);
    const { ops_output, evidence } = lastReport(line);
    expect(ops_output).toMatchObject({
      status: 'blocked',
      notes,
      blockers: [{ code: 'interrupted', owner: 'operator' }],
    });
    expect(evidence).toMatchObject({ final: true, outcome: 'interrupted', reason: 'interrupted' });
    expect(line.ledger.openTasks()).toEqual([]);
  });

  it('that is done can be compared and taken back later', async () => {
    const line = await testLine();
    line.machine.put(A, 'old');
    await died(line, actionsTask(), [await applyingFile(line)]);
    line.machine.put(A, 'new');
    const next = await restart(line);
    expect(await submit(next, undoTask(actionsTask()))).toMatchObject({ opsOutput: { status: 'completed' } });
    expect(line.machine.contentOf(A)).toBe('old');
  });

  it('that is done is told as if the daemon had seen its end: the variables by name, and how healthy it is', async () => {
    const line = await testLine();
    line.machine.put(A, 'MODE=old\nGONE=1\n');
    const task = actionsTask({ actions: [ENVIRONMENT] });
    await died(line, task, [await applyingFile(line)]);
    line.machine.put(A, 'MODE=new\nPORT=80\n');
    await restart(line);
    const { status, environment_changes, health_checks } = lastReport(line).ops_output;
    expect(status).toBe('completed');
    expect(environment_changes).toEqual([
      { variable: 'MODE', action: 'modified', service: 'web' },
      { variable: 'PORT', action: 'added', service: 'web' },
      { variable: 'GONE', action: 'removed', service: 'web' },
    ]);
    expect(health_checks).toEqual([{ service: A, endpoint: `file ${A}`, status: 'healthy' }]);
  });

  it('does not keep the daemon from starting when it cannot be looked at', async () => {
    const line = await testLine();
    await died(line, actionsTask(), [await applyingFile(line)]);
    line.machine.fact = () => Promise.reject(new Error('is no regular file'));
    await restart(line);
    expect(statesOf(line.ledger, 'task-1')).toEqual(['unknown', 'planned']);
    expect(lastReport(line).evidence.final).toBe(true);
  });

  it('does not keep the daemon from starting when it cannot be looked at a second time', async () => {
    const line = await testLine();
    await died(line, actionsTask(), [await applyingFile(line)]);
    line.machine.put(A, 'new');
    const fact = line.machine.fact.bind(line.machine);
    let looks = 0;
    line.machine.fact = async (path) => {
      looks += 1;
      if (looks > 1) throw new Error('is no regular file');
      return fact(path);
    };
    await restart(line);
    expect(lastReport(line).evidence.final).toBe(true);
  });
});

const deployTask = (more: Record<string, unknown> = {}) => actionsTask({ actions: [runCommand(['deploy'], more)] });

describe('a command that was open', () => {
  it('is unknown where nothing tells, and never run again', async () => {
    const line = await testLine();
    await died(line, { ...deployTask(), on_interrupt: 'resume' }, [{ state: 'applying' }]);
    const next = await restart(line);
    expect(line.machine.ran).toEqual([]);
    expect(statesOf(line.ledger, 'task-1')).toEqual(['unknown']);
    expect(lastReport(line).evidence.steps).toMatchObject([{ outcome: 'unknown' }]);
    const recorded = await deliver(next, { ...deployTask(), on_interrupt: 'resume' }, await allTokens(deployTask()));
    expect(recorded.kind).toBe('recorded');
    expect(line.machine.ran).toEqual([]);
  });

  it.each([
    ['is there', true, 'applied'],
    // It had begun, so it may have done a part: there may be something to undo.
    ['is not there', false, 'unknown'],
  ])('is judged by what it creates: it %s', async (_, there, state) => {
    const line = await testLine();
    await died(line, deployTask({ guard: { creates: '/srv/app' } }), [{ state: 'applying' }]);
    if (there) line.machine.put('/srv/app', 'x');
    await restart(line);
    expect([statesOf(line.ledger, 'task-1'), line.machine.ran]).toEqual([[state], []]);
  });

  it.each([
    ['exit code 0', { exitCode: 0 }, 'applied'],
    ['another exit code', { exitCode: 1 }, 'unknown'],
    ['a signal', { exitCode: null, signal: 'SIGKILL' }, 'unknown'],
    ['a timeout', { ended: 'timeout' as const, exitCode: null }, 'unknown'],
    ['not started', { ended: 'not-started' as const, exitCode: null }, 'unknown'],
  ])('is judged by the command that succeeds once it is done: %s', async (_, exit, state) => {
    const line = await testLine();
    line.machine.when('is-deployed', exit);
    await died(line, deployTask({ guard: { unless: ['is-deployed'] } }), [{ state: 'applying' }]);
    await restart(line);
    expect([statesOf(line.ledger, 'task-1'), line.machine.ran]).toEqual([[state], ['is-deployed']]);
  });
});

const two = (on_interrupt?: 'resume' | 'undo' | 'stop') =>
  actionsTask({ actions: [writeFile(A, 'new'), writeFile(B, 'new b')], ...(on_interrupt && { on_interrupt }) });

async function halfDone(line: TestLine, task: ActionsTask): Promise<void> {
  const captured = await line.machine.fact(A);
  await died(line, task, [{ state: 'applied', captured }, { state: 'applied' }]);
  line.machine.put(A, 'new');
  const left = await line.machine.fact(A);
  await line.ledger.commit(() => line.ledger.changeStep(task.task_id, 1, { state: 'applied', left }));
}

describe('F36: a task that was withdrawn while the daemon was away', () => {
  it.each(['stop', 'undo', 'resume'] as const)('is taken back, without Redis too: on_interrupt %s', async (answer) => {
    const line = await testLine();
    await halfDone(line, two(answer));
    line.stream.send(await withdrawal('veto', 'plan:plan-1', { reason: 'unsafe' }));
    await line.control.catchUp();
    line.stream.after = () => Promise.reject(new Error('Redis is away'));
    await restart(line);
    expect([line.machine.touched, line.machine.contentOf(A)]).toEqual([[A], undefined]);
    expect(lastReport(line)).toMatchObject({
      ops_output: { blockers: [{ code: 'vetoed', message: 'plan:plan-1 was vetoed by savorg-security: unsafe' }] },
      evidence: { outcome: 'vetoed', final: true },
    });
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('is not resumed where only the stream says so', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    line.stream.send(await withdrawal('cancel', 'host:mini-1', { role: 'operator' }));
    await restart(line);
    expect([line.machine.contentOf(A), line.machine.contentOf(B)]).toEqual([undefined, undefined]);
    expect(lastReport(line).evidence.outcome).toBe('cancelled');
  });

  it('is taken back further where the daemon died taking it back', async () => {
    const line = await testLine();
    await halfDone(line, two('stop'));
    await line.ledger.commit(() => line.ledger.changeStep('task-1', 3, { state: 'undone' }));
    line.stream.send(await withdrawal('veto', 'task:task-1'));
    await line.control.catchUp();
    await restart(line);
    expect([statesOf(line.ledger, 'task-1')[0], line.machine.contentOf(A)]).toEqual(['undone', undefined]);
  });

  it('is left as it is where something else has changed it since', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    line.machine.put(A, 'by somebody else');
    line.stream.send(await withdrawal('veto', 'task:task-1'));
    await line.control.catchUp();
    await restart(line);
    expect(line.machine.contentOf(A)).toBe('by somebody else');
    const codes = lastReport(line).ops_output.blockers.map(({ code }) => code);
    expect(codes).toEqual(['vetoed', 'changed-since']);
  });

  it('goes on where the cancellation has ended meanwhile', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    line.stream.send(await withdrawal('cancel', 'task:task-1', { validForMs: HOUR }));
    await line.control.catchUp();
    line.clock.advance(HOUR);
    await restart(line);
    expect(lastReport(line).evidence.outcome).toBe('completed');
  });

  it('goes on where it was only paused: a pause stops nothing that has begun', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    line.stream.send(await withdrawal('pause', 'host:*', { role: 'operator' }));
    await restart(line);
    expect(lastReport(line).evidence.outcome).toBe('completed');
  });
});

describe('on_interrupt', () => {
  it.each(['stop', undefined] as const)('%s: nothing more is done, and the report says what stands', async (answer) => {
    const line = await testLine();
    await halfDone(line, two(answer));
    await restart(line);
    expect(line.machine.touched).toEqual([]);
    expect(lastReport(line).ops_output).toMatchObject({
      blockers: [{ code: 'interrupted', message: 'it was open when the daemon stopped' }],
      notes: 'Step 1 of 4 stands or may stand. Take back what can be: /opt/ops undo task-1',
    });
  });

  it('undo: what was done is taken back', async () => {
    const line = await testLine();
    await halfDone(line, two('undo'));
    await restart(line);
    expect(line.machine.contentOf(A)).toBeUndefined();
    expect(lastReport(line).ops_output).toMatchObject({ status: 'blocked', blockers: [{ code: 'interrupted' }] });
    expect(lastReport(line).ops_output.notes).toContain('taken back');
  });

  it('resume: it goes on where it was, and each step is applied once', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    await restart(line);
    expect(line.machine.touched).toEqual([B]);
    expect(lastReport(line)).toMatchObject({
      ops_output: { status: 'completed' },
      evidence: { outcome: 'completed', final: true },
    });
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('resume: applies again what is found not to have been done', async () => {
    const line = await testLine();
    await died(line, actionsTask({ on_interrupt: 'resume' }), [await applyingFile(line)]);
    await restart(line);
    expect(line.machine.touched).toEqual([A]);
    expect(lastReport(line).ops_output.status).toBe('completed');
  });

  it('resume: a delivery that comes meanwhile is looked at again', async () => {
    const line = await testLine();
    const task = two('resume');
    await halfDone(line, task);
    const gate = Promise.withResolvers<void>();
    line.machine.beforeWrite = () => gate.promise;
    const next = await testLine(line.parts);
    await next.reconciler.start();
    expect(next.running.taskIds).toEqual(['task-1']);
    expect(await submit(next, task)).toEqual({ kind: 'open' });
    gate.resolve();
    await next.running.idle();
    expect(await submit(next, task)).toMatchObject({ kind: 'recorded', opsOutput: { status: 'completed' } });
  });

  it.each([
    [
      'a file that was not written is untouched',
      async (line: TestLine) => [await applyingFile(line)],
      actionsTask(),
      'planned',
    ],
    [
      'a command that had begun may have done a part',
      async () => [{ state: 'applying' as const }],
      deployTask({ guard: { creates: '/srv/app' } }),
      'unknown',
    ],
  ] as const)('resume: where it may not go on, %s', async (_, steps, task, state) => {
    const line = await testLine();
    await died(line, { ...task, on_interrupt: 'resume' }, await steps(line));
    line.clock.advance(13 * HOUR);
    await restart(line);
    expect(statesOf(line.ledger, 'task-1')[0]).toBe(state);
    const { notes } = lastReport(line).ops_output;
    expect(notes).toContain(state === 'planned' ? 'Nothing was changed' : 'is unknown');
  });

  it('resume: stays open, and harms nobody, where it cannot be asked whether it may', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    line.stream.after = () => Promise.reject(new Error('etc/keyring.json cannot be used'));
    await restart(line);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(line.ledger.openTasks()).toHaveLength(1);
    expect(line.machine.touched).toEqual([]);
  });

  it('resume: a command that may run again still does at a later start, where it could not be asked before', async () => {
    const line = await testLine();
    const task = deployTask({ guard: { creates: '/srv/app' } });
    await died(line, { ...task, on_interrupt: 'resume' }, [{ state: 'applying' }]);
    const after = line.stream.after.bind(line.stream);
    line.stream.after = () => Promise.reject(new Error('Redis is away'));
    await restart(line);
    expect([line.ledger.openTasks().length, line.machine.ran.length]).toEqual([1, 0]);
    line.stream.after = after;
    await restart(line);
    expect(lastReport(line).evidence.outcome).toBe('completed');
    expect(line.machine.ran).toHaveLength(1);
    expect(reports(line.ledger)).toHaveLength(1);
  });

  it('F3: resume: a command that may still run is not run again, whatever its guard says, and is named', async () => {
    const line = await testLine();
    const task = actionsTask({
      on_interrupt: 'resume',
      actions: [runCommand(['one'], { guard: { creates: '/one' } })],
    });
    await died(line, task, [{ state: 'applying' }]);
    const next = await testLine({ ...line.parts, leftovers: [{ task_id: 'task-1', step: 1, leftRunning: ['? one'] }] });
    await next.reconciler.start();
    await next.running.idle();
    expect([statesOf(line.ledger, 'task-1'), line.machine.ran]).toEqual([['unknown'], []]);
    const { ops_output, evidence } = lastReport(next);
    expect([evidence.outcome, evidence.left_running]).toEqual(['interrupted', ['? one']]);
    expect(ops_output.notes).toContain('Left running: ? one.');
  });

  it('resume: not after its time', async () => {
    const line = await testLine();
    await halfDone(line, two('resume'));
    line.clock.advance(13 * 3600_000);
    await restart(line);
    expect(line.machine.touched).toEqual([]);
    expect(lastReport(line).evidence.outcome).toBe('interrupted');
  });

  it('resume: not where one of its steps had failed', async () => {
    const line = await testLine();
    await died(line, two('resume'), [{ state: 'applied', captured: { exists: false } }, { state: 'failed' }]);
    await restart(line);
    expect(line.machine.touched).toEqual([]);
    expect(lastReport(line).ops_output.status).toBe('blocked');
  });

  it('resume: does not go forward where it was being taken back when the daemon died', async () => {
    const line = await testLine();
    const actions = [writeFile(A, 'new'), runCommand(['break']), writeFile(B, 'new b')];
    const task = actionsTask({ actions, on_interrupt: 'resume', on_failure: 'undo' });
    // The command had failed and its undo was done; the file's undo was still to come.
    await died(line, task, [
      { state: 'applied', captured: { exists: false } },
      { state: 'applied' },
      { state: 'undone' },
    ]);
    line.machine.put(A, 'new');
    await restart(line);
    expect(line.machine.contentOf(B)).toBeUndefined();
    expect(lastReport(line).ops_output.status).toBe('blocked');
  });
});

describe('a task that was claimed but not yet planned', () => {
  it.each(['resume', 'undo', 'stop'] as const)('is ended with nothing changed (%s)', async (on_interrupt) => {
    const line = await testLine();
    const task = actionsTask({ on_interrupt });
    await claimed(line.ledger, task, await allTokens(task));
    await restart(line);
    expect(line.machine.touched).toEqual([]);
    expect(lastReport(line)).toMatchObject({
      ops_output: { actions_taken: [], blockers: [{ code: 'interrupted' }], notes: 'Nothing was changed.' },
      evidence: { outcome: 'interrupted', final: true },
    });
  });
});

describe('a crash during an undo', () => {
  const task = actionsTask({ actions: [writeFile(A, 'new'), runCommand(['x']), writeFile(B, 'new b')] });

  /** The task ran; its undo was claimed and had begun. */
  async function undoing(line: TestLine, undo: Task, changes: [number, StepChange][]): Promise<void> {
    await submit(line, task);
    await claimed(line.ledger, undo, await allTokens(undo));
    await line.ledger.commit(() => {
      for (const [n, change] of changes) line.ledger.changeStep('task-1', n, change);
    });
  }

  it('settles the steps of the task that was taken back, and goes on when it is asked again', async () => {
    const line = await testLine();
    await undoing(line, undoTask(task), [[4, { state: 'undoing' }]]);
    line.machine.present.delete(B);
    const next = await restart(line);
    expect(statesOf(line.ledger, 'task-1')).toEqual(['applied', 'applied', 'applied', 'undone', 'applied']);
    const { ops_output, evidence } = lastReport(line);
    expect(evidence).toMatchObject({ task_id: 'undo-task-1', outcome: 'interrupted', final: true });
    expect(ops_output.notes).toContain('task-1 is not wholly taken back. Ask for its undo again');
    const again = await submit(next, undoTask(task, { task_id: 'undo-2' }));
    expect(again).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed' } });
    expect(line.machine.present.size).toBe(0);
  });

  it.each([
    ['was not done: the step stands', 'new b', 'applied'],
    ['cannot be seen: it may be done again', 'half', 'undo-failed'],
  ])('of a file that %s', async (_, content, state) => {
    const line = await testLine();
    await undoing(line, undoTask(task), [[4, { state: 'undoing' }]]);
    line.machine.put(B, content);
    await restart(line);
    expect(statesOf(line.ledger, 'task-1')[3]).toBe(state);
  });

  it('of a command may be done again', async () => {
    const line = await testLine();
    await undoing(line, undoTask(task), [
      [4, { state: 'undone' }],
      [3, { state: 'undoing' }],
    ]);
    line.machine.present.delete(B);
    const next = await restart(line);
    expect(statesOf(line.ledger, 'task-1')[2]).toBe('undo-failed');
    expect(await submit(next, undoTask(task, { task_id: 'undo-2' }))).toMatchObject({
      opsOutput: { status: 'completed' },
    });
    expect(line.machine.ran).toEqual(['x', 'undo x']);
  });

  it('that had taken everything back says so', async () => {
    const line = await testLine();
    await undoing(line, undoTask(task), [
      [1, { state: 'undone' }],
      [3, { state: 'undone' }],
      [4, { state: 'undone' }],
    ]);
    await restart(line);
    const { ops_output } = lastReport(line);
    expect(ops_output.notes).not.toContain('not wholly taken back');
    expect(line.ledger.task('task-1')?.undoneBy).toBe('undo-task-1');
  });

  it('of one action tells of that action only', async () => {
    const line = await testLine();
    await undoing(line, undoTask(task, { action: 3 }), [[4, { state: 'undoing' }]]);
    await restart(line);
    expect(lastReport(line).ops_output.actions_taken.map(({ action }) => action)).toEqual([`undo: write ${B}`]);
  });
});

describe('several open tasks', () => {
  it('are all ended, and a new task runs', async () => {
    const line = await testLine();
    await died(line, actionsTask({ task_id: 'one' }), [{ state: 'applying', captured: { exists: false } }]);
    await died(line, actionsTask({ task_id: 'two', actions: [irreversible(['format'])] }), [{ state: 'applying' }]);
    const next = await restart(line);
    expect(line.ledger.openTasks()).toEqual([]);
    expect(reports(line.ledger)).toHaveLength(2);
    expect(await submit(next, actionsTask({ task_id: 'three' }))).toMatchObject({ kind: 'ran' });
  });
});
