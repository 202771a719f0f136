import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyAudit } from '../../../src/adapters/ledger/audit.ts';
import { maskedLedger } from '../../../src/adapters/ledger/masked.ts';
import { AlertMessage } from '../../../src/contract/alert.ts';
import { Report } from '../../../src/contract/report.ts';
import { Redactor } from '../../../src/secret.ts';
import {
  actionsTask,
  runCommand,
  submit,
  TestClock,
  temporaryFolder,
  testLedger,
  testLine,
} from '../../services/support.ts';

const SECRET = 'hunter2-hunter2';

async function masked(...secrets: string[]) {
  const path = join(temporaryFolder(), 'ledger.db');
  const clock = new TestClock();
  const ledger = maskedLedger(testLedger(clock, path), new Redactor(secrets));
  const line = await testLine({ ledger, clock });
  const written = () => `${readFileSync(path, 'latin1')}${readFileSync(`${path}-wal`, 'latin1')}`;
  return { ledger, line, written };
}

describe('T24: what is written into the ledger', () => {
  it('holds no secret that a task ran into: steps, reports, alerts, audit log', async () => {
    const { ledger, line, written } = await masked(SECRET);
    line.machine.when('login', { exitCode: 1, message: `denied: ${SECRET}`, leftRunning: [`7 ${SECRET}`] });
    await submit(line, actionsTask({ task_id: 'task-1', actions: [runCommand(['login'])] }));
    await line.alerter.raise('a-1', { severity: 'info', code: 'c', subject: 's', message: `it said ${SECRET}` });
    ledger.write(() => ledger.audit({ event: 'e', detail: { target: `/srv/${SECRET}` } }));
    expect(written()).toContain('denied: [secret]');
    expect(written()).not.toContain(SECRET);
    expect(ledger.messagesAfter(0, 9)).toHaveLength(2);
    expect(verifyAudit(ledger.auditEntries(), ledger.reportedHeads())).toMatchObject({ whole: expect.any(Number) });
  });

  it('is what the contract asks for, even where a secret looks like a word of it', async () => {
    const { ledger, line } = await masked('infra.command', 'completed', 'test-host', 'sha256:00', 'manager-1');
    await submit(line, actionsTask({ task_id: 'task-1', actions: [runCommand(['true'])] }));
    await line.alerter.raise('a-1', { severity: 'critical', code: 'completed', subject: 's', message: 'm' });
    const [report, alert] = ledger.messagesAfter(0, 9).map(({ body }) => ({ ...body, signature: '' }));
    expect(Report.parse(report)).toMatchObject({ ops_output: { task_id: 'task-1', status: 'completed' } });
    expect(AlertMessage.parse(alert)).toMatchObject({ alert: { severity: 'critical' } });
  });

  it('is what is to be done and undone as it was signed: tasks, plans, what steps captured', async () => {
    const { ledger, line } = await masked('/srv/app.conf', SECRET);
    const write = { action: 'config.file', with: { path: '/srv/app.conf', content: SECRET } };
    const task = actionsTask({ task_id: 'task-1', actions: [write] });
    await submit(line, task);
    expect(ledger.task('task-1')?.task).toEqual(task);
    expect(ledger.steps('task-1')[0]?.step).toMatchObject({ path: '/srv/app.conf' });
    expect(line.machine.contentOf('/srv/app.conf')).toBe(SECRET);
  });
});
