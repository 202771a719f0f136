import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import { verifyAudit } from '../../src/adapters/ledger/audit.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import type { Report } from '../../src/contract/report.ts';
import { readProc } from '../../src/runner/process-table.ts';
import { secretsOf } from '../../src/secret.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import type { TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';

/** What Redis lost without a word is published again within a minute. */
const REPUBLISHED_MS = 75_000;

/** What has to hold of a home in which every task has ended, whatever died in it before: the sentences that do not. */
export async function violations(home: TestHome): Promise<string[]> {
  const ledger = openLedger(home.home.var.ledger, systemClock, { readOnly: true });
  try {
    const allCame = () => nothingLost(ledger, home.reports).length === 0;
    await until('every report', allCame, { timeout: REPUBLISHED_MS, interval: 500 }).catch(() => undefined);
    return [
      ...oneFinalReport(ledger, home.reports),
      ...wholeAudit(ledger, home.reports),
      ...nothingLost(ledger, home.reports),
      ...(await noStray(home)),
      ...noSecret(home),
    ];
  } finally {
    ledger.close();
  }
}

/** Of every claimed task exactly one reached the results queue, and it says what the ledger says. */
function oneFinalReport(ledger: Ledger, reports: readonly Report[]): string[] {
  const finals = Map.groupBy(
    reports.filter(({ evidence }) => evidence.final),
    ({ evidence }) => evidence.task_id,
  );
  return ledger.recentTasks(Number.MAX_SAFE_INTEGER).flatMap(({ task: { task_id }, ended }) => {
    const found = finals.get(task_id) ?? [];
    const ids = new Set(found.map(({ evidence }) => evidence.report_id));
    if (!ended) return [`${task_id} is still open`];
    if (ids.size !== 1) return [`${task_id} has ${ids.size} final reports`];
    const said = found[0]?.evidence.outcome;
    return said === ended.outcome ? [] : [`${task_id} ${ended.outcome}, and its report says ${said}`];
  });
}

/** Also as far as those who read the reports can tell. */
function wholeAudit(ledger: Ledger, reports: readonly Report[]): string[] {
  const heads = [...ledger.reportedHeads(), ...reports.map(({ evidence }) => evidence.audit)];
  const verdict = verifyAudit(ledger.auditEntries(), heads);
  return 'whole' in verdict ? [] : [`the audit log is broken: ${JSON.stringify(verdict)}`];
}

/** Every report of the outbox reached the results queue, and under its own number. */
function nothingLost(ledger: Ledger, reports: readonly Report[]): string[] {
  const received = new Map(reports.map(({ evidence }) => [evidence.report_id, evidence.seq]));
  const numbers = new Map(reports.map(({ evidence }) => [evidence.seq, evidence.report_id]));
  const rows = ledger.messagesAfter(0, Number.MAX_SAFE_INTEGER).filter(({ kind }) => kind === 'report');
  return [
    ...rows.filter(({ seq, id }) => received.get(id) !== seq).map(({ seq }) => `report ${seq} never arrived`),
    ...(numbers.size === received.size ? [] : ['two reports bear the same number']),
  ];
}

/** Nobody but the daemon, its runner and its Redis works in the home, or it is said that a task may have left it. */
async function noStray({ root, reports }: TestHome): Promise<string[]> {
  const unknown = reports.filter(({ evidence }) => evidence.left_running.some((name) => name.startsWith('? ')));
  const excused = new Set(unknown.map(({ evidence }) => `FUZZ_TASK=${evidence.task_id}`));
  const strays = straysOf(root).filter(({ env }) => !env.some((word) => excused.has(word)));
  return strays.map(({ pid, argv }) => `${pid} ${argv.replaceAll('\0', ' ')} lives on`);
}

/** Ends what it is right to leave, too. */
export function endStrays(root: string): void {
  for (const { pid } of straysOf(root)) process.kill(pid, 'SIGKILL');
}

function straysOf(root: string): { pid: number; argv: string; env: string[] }[] {
  const all = readProc().filter(({ zombie }) => !zombie);
  return all
    .map(({ pid }) => ({ pid, ...wordsOf(pid) }))
    .filter(({ argv, env }) => !OURS.test(argv) && env.includes(`FUZZ_HOME=${root}`));
}

const OURS = /redis-server|fuzz\/(?:daemon|runner)\.ts/;

function wordsOf(pid: number): { argv: string; env: string[] } {
  try {
    const [argv, env] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
    return { argv: argv ?? '', env: (env ?? '').split('\0') };
  } catch {
    return { argv: '', env: [] };
  }
}

/** What must be masked is in nothing that is shown, kept or sent. */
function noSecret(home: TestHome): string[] {
  const { output, log, ledger, redis } = home.home.var;
  const secrets = [...secretsOf(home.url), home.key('host').d];
  const sinks = [
    output,
    join(log, '..'),
    ...['', '-wal'].map((end) => `${ledger}${end}`),
    join(redis, 'appendonlydir'),
  ];
  const files = sinks.flatMap(filesIn);
  return files.flatMap((path) => {
    const text = readFileSync(path, 'latin1');
    return secrets.some((secret) => text.includes(secret)) ? [`a secret stands in ${path}`] : [];
  });
}

function filesIn(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return stat ? [path] : [];
  return readdirSync(path).flatMap((name) => filesIn(join(path, name)));
}
