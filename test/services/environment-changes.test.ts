import { describe, expect, it } from 'vitest';
import { actionsTask, reports, runCommand, submit, testLine, undoTask } from './support.ts';

const PASSWORD = 'correct-horse-battery';
const changeEnv = {
  action: 'config.env',
  with: {
    path: '/srv/web.env',
    service: 'web',
    format: 'env',
    set: { LEVEL: 'warn', DB_PASSWORD: 'secret:file/db' },
    remove: ['DEBUG'],
  },
};

async function setUp() {
  const line = await testLine();
  line.machine.secrets.set('db', PASSWORD);
  line.machine.put('/srv/web.env', 'LEVEL=info\nDEBUG=1\n');
  return line;
}

const changed = (variable: string, action: string) => ({ variable, action, service: 'web' });
const CHANGES = [changed('LEVEL', 'modified'), changed('DB_PASSWORD', 'added'), changed('DEBUG', 'removed')];
const BACK = [changed('LEVEL', 'modified'), changed('DB_PASSWORD', 'removed'), changed('DEBUG', 'added')];

describe('environment_changes', () => {
  it('name the variables of a service that a task changed, and nothing where all was so', async () => {
    const line = await setUp();
    const done = await submit(line, actionsTask({ actions: [changeEnv] }));
    expect(line.machine.contentOf('/srv/web.env')).toBe(`LEVEL=warn\nDB_PASSWORD=${PASSWORD}\n`);
    expect(done).toMatchObject({ opsOutput: { status: 'completed', environment_changes: CHANGES } });
    const again = await submit(line, actionsTask({ task_id: 'again', actions: [changeEnv] }));
    expect(again).toMatchObject({ opsOutput: { status: 'completed', environment_changes: [] } });
  });

  it('say what an undo changed back', async () => {
    const line = await setUp();
    const task = actionsTask({ actions: [changeEnv] });
    await submit(line, task);
    expect(await submit(line, undoTask(task))).toMatchObject({ opsOutput: { environment_changes: BACK } });
    expect(line.machine.contentOf('/srv/web.env')).toBe('LEVEL=info\nDEBUG=1\n');
  });

  it('say both where a failed task was taken back', async () => {
    const line = await setUp();
    line.machine.when('false', { exitCode: 1 });
    const task = actionsTask({ on_failure: 'undo', actions: [changeEnv, runCommand(['false'], { undo: ['true'] })] });
    expect(await submit(line, task)).toMatchObject({
      opsOutput: { status: 'blocked', environment_changes: [...CHANGES, ...BACK] },
    });
  });

  it('T24: a secret is in the file and nowhere else: no step, report or audit entry has it', async () => {
    const line = await setUp();
    const done = await submit(line, actionsTask({ actions: [changeEnv] }));
    expect(done).toMatchObject({ opsOutput: { status: 'completed' } });
    const { ledger } = line;
    const kept = [ledger.steps('task-1'), reports(ledger), [...ledger.auditEntries()], ledger.task('task-1')];
    expect(JSON.stringify(kept)).toContain('secret:file/db');
    expect(JSON.stringify(kept)).not.toContain(PASSWORD);
  });
});
