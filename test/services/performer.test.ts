import { describe, expect, it } from 'vitest';
import { Report } from '../../src/contract/report.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import { haltByWithdrawal } from '../../src/services/halt.ts';
import { type Run } from '../../src/services/step-runner.ts';
import {
  actionsTask,
  boundActions,
  claimed,
  irreversible,
  reports,
  runCommand,
  runOf,
  statesOf,
  type TestLine,
  testLine,
  undoTask,
  untilAborted,
  writeFile,
} from './support.ts';

async function perform(line: TestLine, task: ActionsTask, more: Partial<Run> = {}) {
  const record = await claimed(line.ledger, task);
  return line.performer.perform(record, boundActions(task), runOf(task.task_id, more));
}

/** The last report, as a reader would check it. */
function lastReport({ ledger }: TestLine) {
  return Report.parse({ ...reports(ledger).at(-1)?.body, signature: 'to come' });
}

const twoFiles = (more: Partial<ActionsTask> = {}) =>
  actionsTask({ actions: [writeFile('/etc/a', 'new a'), writeFile('/etc/b', 'new b')], ...more });

describe('a task that goes through', () => {
  it('is completed, with everything healthy, and its report is valid', async () => {
    const line = await testLine();
    line.machine.put('/etc/a', 'old a');
    const opsOutput = await perform(line, twoFiles());
    expect(opsOutput).toEqual({
      task_id: 'task-1',
      status: 'completed',
      operation_type: 'config',
      actions_taken: ['a', 'b'].map((name, index) => ({
        action: `write /etc/${name}`,
        target: `mini-1/etc/${name}`,
        result: 'success',
        rollback_command: `/opt/ops undo task-1 --action ${index + 1}`,
      })),
      health_checks: ['a', 'b'].map((name) => ({
        service: `/etc/${name}`,
        status: 'healthy',
        endpoint: `file /etc/${name}`,
      })),
      monitoring_setup: [],
      environment_changes: [],
      blockers: [],
      notes: 'Applied all 4 steps.',
    });
    const { ops_output, evidence } = lastReport(line);
    expect(ops_output).toEqual(opsOutput);
    expect(evidence).toMatchObject({ final: true, outcome: 'completed', reason: null, seq: 1 });
    expect(evidence.steps.map(({ kind, outcome, undo }) => `${kind} ${outcome} ${undo}`)).toEqual([
      'file applied captured',
      'probe applied none',
      'file applied captured',
      'probe applied none',
    ]);
    expect(line.ledger.task('task-1')?.ended).toMatchObject({ outcome: 'completed', opsOutput });
    expect(line.appended()).toBe(1);
  });

  it('says what it left running', async () => {
    const line = await testLine();
    line.machine.when('serve', { leftRunning: ['77 serve'] });
    const opsOutput = await perform(line, actionsTask({ operation_type: 'infra', actions: [runCommand(['serve'])] }));
    expect(opsOutput?.notes).toBe('Applied its one step. Left running: 77 serve.');
    expect(lastReport(line).evidence.left_running).toEqual(['77 serve']);
  });

  it('stores the whole plan before the first step', async () => {
    const line = await testLine();
    let planned: string[] = [];
    line.machine.beforeWrite = async () => {
      planned = planned.length > 0 ? planned : statesOf(line.ledger, 'task-1');
    };
    await perform(line, twoFiles());
    expect(planned).toEqual(['applying', 'planned', 'planned', 'planned']);
  });
});

describe('a task that cannot be planned', () => {
  it('touches nothing where two actions need the same', async () => {
    const line = await testLine();
    const task = actionsTask({ actions: [writeFile('/etc/a', '1'), writeFile('/etc/a/b', '2')] });
    expect(await perform(line, task)).toMatchObject({
      status: 'blocked',
      actions_taken: [],
      blockers: [{ code: 'overlap', owner: 'manager', message: expect.stringMatching(/path:\/etc\/a\/b/) }],
      notes: 'Nothing was changed.',
    });
    expect(line.machine.touched).toEqual([]);
  });

  it('touches nothing where a fact cannot be read', async () => {
    const line = await testLine();
    line.machine.answer = async () => {
      throw new Error('/etc/a is no regular file');
    };
    const opsOutput = await perform(line, actionsTask());
    expect(opsOutput?.blockers).toEqual([{ code: 'facts', message: '/etc/a is no regular file', owner: 'manager' }]);
    expect(lastReport(line).evidence).toMatchObject({ final: true, outcome: 'failed', reason: 'facts', steps: [] });
  });
});

const failing = (on_failure: 'undo' | 'stop') =>
  twoFiles({ on_failure, actions: [writeFile('/etc/a', 'new a'), runCommand(['break'])] });

describe('a task that fails', () => {
  it('is taken back where it says so, and the notes say that the host is as before', async () => {
    const line = await testLine();
    line.machine.put('/etc/a', 'old a');
    line.machine.when('break', { exitCode: 3 });
    const opsOutput = await perform(line, failing('undo'));
    expect(line.machine.contentOf('/etc/a')).toBe('old a');
    expect(line.machine.ran).toEqual(['break', 'undo break']);
    expect(opsOutput).toMatchObject({
      status: 'blocked',
      blockers: [{ code: 'command-failed', message: 'step 3 (run break): exit code 3', owner: 'manager' }],
      actions_taken: [
        { result: 'failed', rollback_command: 'none: already taken back' },
        { result: 'failed', rollback_command: 'none: already taken back' },
      ],
      notes: 'What it had changed is taken back: the host is as it was before.',
    });
    expect(lastReport(line).evidence).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
  });

  it('stops where it says so, and the notes say what stands and how to take it back', async () => {
    const line = await testLine();
    line.machine.when('break', { exitCode: 3 });
    const opsOutput = await perform(line, failing('stop'));
    expect(line.machine.contentOf('/etc/a')).toBe('new a');
    expect(opsOutput?.actions_taken.map(({ result }) => result)).toEqual(['success', 'failed']);
    expect(opsOutput?.notes).toBe('Step 1, 3 of 3 stands or may stand. Take back what can be: /opt/ops undo task-1');
  });

  it('is blocked by a health check that is down after the last change, and taken back', async () => {
    const line = await testLine();
    line.machine.when('is-up', { exitCode: 1 });
    const check = { type: 'command', service: 'web', argv: ['is-up'], attempts: 1 };
    const opsOutput = await perform(line, actionsTask({ actions: [writeFile('/etc/a', 'new', { check })] }));
    expect(opsOutput).toMatchObject({
      status: 'blocked',
      health_checks: [
        { service: '/etc/a', status: 'healthy', endpoint: 'file /etc/a gone again' },
        { service: 'web', status: 'down', endpoint: 'command is-up' },
      ],
      blockers: [{ code: 'unhealthy' }],
    });
    expect(line.machine.contentOf('/etc/a')).toBeUndefined();
  });

  it('says what remains where an irreversible step stands', async () => {
    const line = await testLine();
    line.machine.when('break', { exitCode: 1 });
    const actions = [writeFile('/etc/a', 'new a'), irreversible(['format']), runCommand(['break'])];
    const opsOutput = await perform(line, actionsTask({ actions }));
    expect(opsOutput?.blockers.map(({ code, owner }) => `${code} ${owner}`)).toEqual([
      'command-failed manager',
      'irreversible operator',
    ]);
    expect(opsOutput?.blockers[1]?.message).toBe(
      'step 3 (run format) stands: was signed as irreversible; so do the steps before it',
    );
    expect(opsOutput?.actions_taken.map(({ rollback_command }) => rollback_command)).toEqual([
      '/opt/ops undo task-1 --action 1',
      'none: signed as irreversible',
      'none: already taken back',
    ]);
    expect(opsOutput?.notes).toContain('Step 3 of 4 stands or may stand.');
  });

  it('says where its undo stopped', async () => {
    const line = await testLine();
    line.machine.when('break', { exitCode: 1 });
    line.machine.when('undo break', { exitCode: 9 });
    const opsOutput = await perform(line, failing('undo'));
    expect(opsOutput?.blockers.map(({ code }) => code)).toEqual(['command-failed', 'undo-failed']);
    expect(opsOutput?.notes).toBe('Step 1, 3 of 3 stands or may stand. Take back what can be: /opt/ops undo task-1');
  });

  it('says that nobody knows what a lost command did', async () => {
    const line = await testLine();
    line.machine.when('break', { ended: 'lost', exitCode: null, message: 'the runner died' });
    const opsOutput = await perform(line, failing('stop'));
    expect(opsOutput?.notes).toMatch(/^What step 3 \(run break\) did is unknown: look before you send it again\./);
    expect(opsOutput?.blockers).toMatchObject([{ code: 'lost', owner: 'operator' }]);
    expect(opsOutput?.health_checks.at(-1)).toMatchObject({ service: 'break', status: 'degraded' });
  });
});

describe('a task that is ended while it runs', () => {
  it('is taken back after a veto, whatever it says of failures, and its outcome is vetoed', async () => {
    const line = await testLine();
    const controller = new AbortController();
    const veto = haltByWithdrawal({ verb: 'veto', target: 'task:task-1', reason: 'unsafe', by: 'sec' });
    line.machine.when(
      'serve',
      untilAborted(() => controller.abort(veto)),
    );
    const actions = [writeFile('/etc/a', 'new a'), runCommand(['serve'])];
    const opsOutput = await perform(line, actionsTask({ actions, on_failure: 'stop' }), { signal: controller.signal });
    expect(line.machine.ran).toEqual(['serve', 'undo serve']);
    expect(line.machine.contentOf('/etc/a')).toBeUndefined();
    expect(opsOutput).toMatchObject({
      status: 'blocked',
      blockers: [{ code: 'vetoed', owner: 'security', message: 'task:task-1 was vetoed by sec: unsafe' }],
    });
    expect(statesOf(line.ledger, 'task-1')).toEqual(['undone', 'applied', 'undone']);
    expect(lastReport(line).evidence).toMatchObject({ outcome: 'vetoed', reason: 'vetoed' });
  });

  it('stays open when the daemon stops: no report, the step still applying', async () => {
    const line = await testLine();
    const controller = new AbortController();
    const open = { outcome: 'interrupted', code: 'interrupted', message: 'stopped', open: true } as const;
    line.machine.when(
      'serve',
      untilAborted(() => controller.abort(open)),
    );
    const task = actionsTask({ actions: [runCommand(['serve'])] });
    expect(await perform(line, task, { signal: controller.signal })).toBeNull();
    expect(statesOf(line.ledger, 'task-1')).toEqual(['applying']);
    expect(line.ledger.openTasks()).toHaveLength(1);
    expect(reports(line.ledger)).toEqual([]);
    expect(line.machine.ran).toEqual(['serve']);
  });
});

async function undone(line: TestLine, task: ActionsTask, action?: number, taskId = 'undo-1') {
  const undo = undoTask(task, { task_id: taskId, ...(action && { action }) });
  const record = await claimed(line.ledger, undo);
  return line.performer.perform(record, [], runOf(undo.task_id));
}

describe('an undo', () => {
  it('takes a task back, marks it, and tells of each action', async () => {
    const line = await testLine();
    line.machine.put('/etc/a', 'old a');
    await perform(line, twoFiles());
    const opsOutput = await undone(line, twoFiles());
    expect(line.machine.contentOf('/etc/a')).toBe('old a');
    expect(line.machine.contentOf('/etc/b')).toBeUndefined();
    expect(opsOutput).toMatchObject({
      task_id: 'undo-1',
      status: 'completed',
      actions_taken: [
        { action: 'undo: write /etc/b', target: 'mini-1/etc/b', result: 'success' },
        { action: 'undo: write /etc/a', target: 'mini-1/etc/a', result: 'success' },
      ],
      health_checks: [
        { service: '/etc/a', status: 'healthy', endpoint: 'file /etc/a as it was' },
        { service: '/etc/b', status: 'healthy', endpoint: 'file /etc/b gone again' },
      ],
      notes: 'Took back task-1.',
    });
    expect(line.ledger.task('task-1')?.undoneBy).toBe('undo-1');
    expect(lastReport(line).evidence).toMatchObject({ task_id: 'undo-1', outcome: 'completed', final: true });
  });

  it('takes one action back; the task counts as taken back when the last one is', async () => {
    const line = await testLine();
    await perform(line, twoFiles());
    expect((await undone(line, twoFiles(), 2))?.notes).toBe('Took back task-1, action 2.');
    expect([line.machine.contentOf('/etc/a'), line.machine.contentOf('/etc/b')]).toEqual(['new a', undefined]);
    expect(line.ledger.task('task-1')?.undoneBy).toBeNull();
    await undone(line, twoFiles(), 1, 'undo-2');
    expect(line.ledger.task('task-1')?.undoneBy).toBe('undo-2');
  });

  it('undoes nothing where something was changed since', async () => {
    const line = await testLine();
    await perform(line, twoFiles());
    line.machine.put('/etc/a', 'by hand');
    const opsOutput = await undone(line, twoFiles());
    expect(opsOutput?.blockers).toMatchObject([{ code: 'changed-since', owner: 'operator' }]);
    expect(opsOutput?.notes).toContain('Ask for its undo again: it goes on from there.');
    expect(line.machine.contentOf('/etc/b')).toBe('new b');
    expect(line.ledger.task('task-1')?.undoneBy).toBeNull();
  });

  it('goes on from where an undo failed', async () => {
    const line = await testLine();
    const task = actionsTask({ actions: [writeFile('/etc/a', 'new a'), runCommand(['x']), writeFile('/etc/b', 'b')] });
    await perform(line, task);
    line.machine.when('undo x', { exitCode: 1 });
    const first = await undone(line, task);
    expect(first?.blockers).toMatchObject([
      { code: 'undo-failed', message: expect.stringMatching(/^step 3 \(run x\) stands: exit code 1/) },
    ]);
    expect(first?.actions_taken.map(({ result }) => result)).toEqual(['success', 'failed', 'failed']);
    line.machine.when('undo x', {});
    const second = await undone(line, task, undefined, 'undo-2');
    expect(second?.status).toBe('completed');
    expect(line.machine.ran).toEqual(['x', 'undo x', 'undo x']);
    expect(line.machine.contentOf('/etc/a')).toBeUndefined();
    expect(line.ledger.task('task-1')?.undoneBy).toBe('undo-2');
  });
});
