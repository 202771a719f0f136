import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { readRoleKey } from '../../src/adapters/etc-files.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { auditVerify } from '../../src/cli/audit.ts';
import { Context } from '../../src/cli/context.ts';
import { keysInit } from '../../src/cli/keys.ts';
import { homeOf } from '../../src/config.ts';
import { signBody } from '../../src/contract/report.ts';
import { actionsTask, claimed, TestClock, tellers, temporaryFolder } from '../services/support.ts';
import { printed } from './printed.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const TASKS = ['first', 'second', 'third'];

/** A home whose daemon reported three tasks (entries 1 to 3 of its audit log), and their reports as Manager keeps them. */
async function hostWithReports() {
  const home = homeOf(join(temporaryFolder(), 'home'));
  await printed(() => keysInit(home.root, { host: 'mini-1' }));
  await reportTasks(home.var.ledger, TASKS);
  const hostKey = readRoleKey(home.var.hostKey);
  const ledger = openLedger(home.var.ledger, new TestClock(), { readOnly: true });
  const rows = ledger.messagesAfter(0, 10);
  ledger.close();
  const reports = await Promise.all(
    rows.map(async ({ id, body }) => ({ ...body, signature: await signBody(hostKey, id, body) })),
  );
  const verify = (...kept: string[]) => {
    const files = kept.map((content, index) => {
      const path = `${home.root}/kept-${index}.json`;
      writeFileSync(path, content);
      return path;
    });
    return printed(async () => {
      await using context = new Context(home.root);
      await auditVerify(context, { against: files });
    });
  };
  const raw = (sql: string) => {
    const db = new DatabaseSync(home.var.ledger);
    db.exec(sql);
    db.close();
  };
  return { home, raw, reports, verify };
}

async function reportTasks(path: string, taskIds: readonly string[]): Promise<void> {
  const ledger = openLedger(path, new TestClock());
  const { reporter } = tellers(ledger, new TestClock());
  const end = {
    outcome: 'completed',
    records: [],
    blockers: [],
    notes: [],
    leftRunning: [],
    protected: [],
    undid: null,
  } as const;
  for (const task_id of taskIds) {
    const record = await claimed(ledger, actionsTask({ task_id }));
    await reporter.conclude({ ...end, records: [], blockers: [], notes: [], leftRunning: [], protected: [], record });
  }
  ledger.close();
}

describe('ops audit verify', () => {
  it('takes the reports that Manager kept: one, an array, one a line, several files, or standard input', async () => {
    const { home, reports, verify } = await hostWithReports();
    const whole = expect.stringMatching(/^3 entries, whole; head sha256:[0-9a-f]{64}; it agrees with 3 reports/);
    expect(await verify()).toEqual(whole);
    expect(await verify(JSON.stringify(reports[1], null, 2))).toContain('here, 1 reports kept elsewhere');
    const lines = `${reports.map((report) => JSON.stringify(report)).join('\n')}\n`;
    expect(await verify(JSON.stringify(reports), lines)).toContain('here, 6 reports kept elsewhere');
    const argv = [CLI, '--home', home.root, 'audit', 'verify', '--against', '-'];
    const { stdout } = await execa(process.execPath, argv, { input: lines });
    expect(stdout).toContain('here, 3 reports kept elsewhere');
  });

  it('T32: finds the newest entries cut off together with their reports only with a report that was kept', async () => {
    const { raw, reports, verify } = await hostWithReports();
    raw('DELETE FROM audit WHERE seq > 1; DELETE FROM outbox WHERE seq > 1');
    expect(await verify()).toContain('1 entries, whole');
    expect(await verify(JSON.stringify(reports[0]))).toContain('1 entries, whole');
    expect(await verify(JSON.stringify(reports))).toContain('was cut off after entry 1: reports name later ones');
  });

  it('T32: names the first entry of an end that was written anew, with reports that fit it', async () => {
    const { home, raw, reports, verify } = await hostWithReports();
    raw(`DELETE FROM audit WHERE seq > 1; DELETE FROM outbox WHERE seq > 1; DELETE FROM tasks`);
    await reportTasks(home.var.ledger, ['other', 'than', 'before']);
    expect(await verify()).toContain('4 entries, whole');
    expect(await verify(JSON.stringify(reports[2]))).toContain('entry 3 is not what it was');
    expect(await verify(JSON.stringify(reports))).toContain('entry 2 is not what it was');
  });

  it('believes no report that this host did not sign', async () => {
    const { home, reports, verify } = await hostWithReports();
    const first = reports[0] as { evidence?: object };
    const altered = {
      ...first,
      evidence: { ...first['evidence'], audit: { seq: 9, head: `sha256:${'0'.repeat(64)}` } },
    };
    expect(await verify(JSON.stringify(altered))).toMatch(
      /kept-0.json, report 1 proves nothing: the signature does not/,
    );
    expect(await verify(JSON.stringify([first, { ops_output: {} }]))).toMatch(/report 2 proves nothing: [^]*evidence/);
    expect(await verify('[')).toContain('kept-0.json: expected the data of jobs of the results queue as JSON');
    expect(await verify('')).toContain('kept-0.json: expected the data of jobs of the results queue as JSON');
    const ring = JSON.stringify({ version: 2, keys: [] });
    writeFileSync(home.etc.keyring, ring);
    expect(await verify(JSON.stringify(first))).toMatch(/is not in the key ring/);
  });

  it('believes no report of another host', async () => {
    const { home, reports, verify } = await hostWithReports();
    writeFileSync(home.etc.ops, 'host: mini-2\ndev: true\n');
    expect(await verify(JSON.stringify(reports[0]))).toContain('report 1 is of the host mini-1');
  });
});
