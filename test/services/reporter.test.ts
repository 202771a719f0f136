import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/admission/parse.ts';
import { refused } from '../../src/admission/reasons.ts';
import { Report } from '../../src/contract/report.ts';
import { actionsTask, claimed, HOST, reports, TestClock, tellers, testLedger } from './support.ts';

function setUp(host = HOST) {
  const clock = new TestClock();
  const ledger = testLedger(clock);
  let appended = 0;
  const writers = tellers(ledger, clock, host, () => {
    appended += 1;
  });
  return { clock, ledger, ...writers, appended: () => appended };
}

const delivery = (jobId: string, data: unknown = null): Delivery => ({
  queue: 'ops',
  jobId,
  name: 'x',
  data,
  scheduled: false,
  deliveries: 0,
});

const ending = { records: [], blockers: [], notes: [], leftRunning: [], protected: [], undid: null };

describe('a conclusion', () => {
  it('and its report are one transaction: where one fails, there is neither', async () => {
    const { ledger, reporter, appended } = setUp({ ...HOST, version: undefined as never });
    const record = await claimed(ledger, actionsTask());
    await expect(reporter.conclude({ ...ending, record, outcome: 'completed' })).rejects.toThrow('version');
    expect(ledger.task('task-1')?.ended).toBeNull();
    expect([reports(ledger), [...ledger.auditEntries()], appended()]).toEqual([[], [], 0]);
  });

  it('carries the audit head as it is with the conclusion in it', async () => {
    const { ledger, reporter } = setUp();
    const record = await claimed(ledger, actionsTask());
    await reporter.conclude({ ...ending, record, outcome: 'completed' });
    const { evidence } = Report.parse({ ...reports(ledger)[0]?.body, signature: 's' });
    expect(evidence.audit).toEqual(ledger.auditHead());
    expect([...ledger.auditEntries()].at(-1)).toMatchObject({ event: 'concluded', task_id: 'task-1' });
    expect(evidence).toMatchObject({ claimed_at: '2026-11-23T09:00:00Z', ended_at: '2026-11-23T09:00:00Z' });
    expect(evidence).not.toHaveProperty('dev');
  });

  it('of a home for trying out says so', async () => {
    const { ledger, alerter, reporter } = setUp({ ...HOST, dev: true });
    const record = await claimed(ledger, actionsTask());
    await reporter.conclude({ ...ending, record, outcome: 'completed' });
    await alerter.raise('a-1', { severity: 'info', code: 'c', subject: 's', message: 'm' });
    expect(ledger.messagesAfter(0, 9).map(({ body }) => (body as { evidence: { dev: true } }).evidence.dev)).toEqual([
      true,
      true,
    ]);
  });
});

describe('a refusal', () => {
  it.each([
    ['expired', 'expired'],
    ['vetoed', 'vetoed'],
    ['cancelled', 'cancelled'],
    ['malformed', 'refused'],
    ['not-allowed', 'refused'],
  ] as const)('for %s has the outcome %s', async (reason, outcome) => {
    const { ledger, reporter } = setUp();
    const opsOutput = await reporter.refuse(
      { delivery: delivery('j'), task: actionsTask(), digest: null, attestedBy: [] },
      refused(reason, 'because'),
    );
    expect(opsOutput).toMatchObject({ task_id: 'task-1', blockers: [{ code: reason, message: 'because' }] });
    expect(reports(ledger)[0]?.body).toMatchObject({ evidence: { outcome, reason, final: false, claimed_at: null } });
  });

  it.each([
    ['', 'unnamed'],
    ['x'.repeat(500), 'x'.repeat(120)],
    ['repeat:abc:123', 'repeat:abc:123'],
  ])('of the job %j is a valid report under a name', async (jobId, name) => {
    const { ledger, reporter } = setUp();
    const none = { task: null, digest: null, attestedBy: [] };
    await reporter.refuse({ delivery: delivery(jobId), ...none }, refused('malformed', 'no'));
    const { ops_output } = Report.parse({ ...reports(ledger)[0]?.body, signature: 's' });
    expect(ops_output).toMatchObject({ task_id: name, operation_type: 'infra' });
    expect(ops_output.blockers[0]?.message).toBe(`no (no task could be read; this is the job ${name})`);
  });
});

describe('copies of a signed task that was refused', () => {
  it('are reported 60 times a minute at the most; another task is reported all the same', async () => {
    const { ledger, reporter } = setUp();
    const attestedBy = [{ role: 'manager' as const, principal: 'alice', kid: 'k' }];
    const of = (digest: string) => ({ delivery: delivery('a~2'), task: actionsTask(), digest, attestedBy });
    const [copied, other] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
    for (let n = 0; n < 200; n += 1) await reporter.refuse(of(copied), refused('not-allowed', 'no'));
    expect(reports(ledger)).toHaveLength(61);
    await reporter.refuse(of(other), refused('not-allowed', 'no'));
    expect(reports(ledger)).toHaveLength(62);
    expect([...ledger.auditEntries()]).toHaveLength(62);
  });

  it('are known however many others there are: who has collected 1,100 tasks cannot fill the ledger with them', async () => {
    const { ledger, reporter } = setUp();
    const attestedBy = [{ role: 'manager' as const, principal: 'alice', kid: 'k' }];
    const refuse = (n: number) => {
      const digest = `sha256:${n.toString(16).padStart(64, '0')}`;
      return reporter.refuse(
        { delivery: delivery('a~2'), task: actionsTask(), digest, attestedBy },
        refused('wrong-host', 'no'),
      );
    };
    for (let n = 0; n < 3 * 1_100; n += 1) await refuse(n % 1_100);
    expect(reports(ledger, 10_000)).toHaveLength(1_100 + 60);
  });
});
