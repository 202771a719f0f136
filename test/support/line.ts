import { registry } from '../../jobs/index.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { verifierBy } from '../../src/adapters/verify.ts';
import type { Delivery } from '../../src/admission/parse.ts';
import type { Policy } from '../../src/admission/policy.ts';
import { digestOf } from '../../src/contract/digest.ts';
import type { KeyRing } from '../../src/contract/keyring.ts';
import { Report } from '../../src/contract/report.ts';
import type { Step } from '../../src/planning/step.ts';
import { Redactor } from '../../src/secret.ts';
import { Admissions } from '../../src/services/admissions.ts';
import { Alerter } from '../../src/services/alerter.ts';
import { type End, Executor } from '../../src/services/executor.ts';
import { passBy } from '../../src/services/failpoint.ts';
import type { Ledger, UnsignedReport } from '../../src/services/ledger.ts';
import { Locks } from '../../src/services/locks.ts';
import { Performer } from '../../src/services/performer.ts';
import type { Clock, FactReader } from '../../src/services/ports.ts';
import { Reporter } from '../../src/services/reporter.ts';
import { Running } from '../../src/services/running.ts';
import { SourceWatch } from '../../src/services/source-watch.ts';
import { applied, type StepKind, type StepKinds } from '../../src/services/step-kind.ts';
import { StepRunner } from '../../src/services/step-runner.ts';
import { DAY, HOST, NOW, OPEN_POLICY } from './tasks.ts';

/** What this host has fetched before. */
export const KNOWN_SECRET = 'hunter2-hunter2';

/** What a host is set up with; a test may change it at any time. */
export interface Setting {
  now: number;
  host: { name: string; sole: boolean };
  policy: Policy;
  ring: KeyRing;
}

export interface TestLine extends Disposable {
  setting: Setting;
  ledger: Ledger;
  /** Everything that touched the machine, or looked at it: `file.apply`, `fact file`, … */
  touched: string[];
  deliver(delivery: Delivery): Promise<End>;
  reports(): UnsignedReport[];
}

/** The real line from parse to outbox, on a ledger in memory that is a day old; only the machine is not real. */
export function lineOf(given: Partial<Setting> & Pick<Setting, 'ring'>): TestLine {
  const setting: Setting = { now: NOW, host: { name: HOST, sole: true }, policy: OPEN_POLICY, ...given };
  const clock: Clock = { now: () => setting.now, monotonic: () => 0, wait: async () => undefined };
  const ledger = openLedger(':memory:', { ...clock, now: () => NOW - DAY });
  const touched: string[] = [];
  const executor = executorOf(setting, clock, ledger, touched);
  return {
    setting,
    ledger,
    touched,
    deliver: (delivery) => executor.execute(delivery, async () => undefined),
    reports: () =>
      ledger.messagesAfter(0, 10_000).flatMap(({ kind, body }) => (kind === 'report' ? unsigned(body) : [])),
    [Symbol.dispose]: () => ledger.close(),
  };
}

const onAppend = () => undefined;
const UnsignedReportSchema = Report.omit({ signature: true });
const unsigned = (body: object): UnsignedReport => UnsignedReportSchema.parse(body);

/** No schedule is defined on this line. */
const NO_SLOTS = { begun: () => undefined, ended: () => undefined, refused: () => undefined };

function executorOf(setting: Setting, clock: Clock, ledger: Ledger, touched: string[]): Executor {
  const { host } = setting;
  const digests = () => ({ policy: digestOf(setting.policy), keyring: digestOf(setting.ring) });
  const facts = { name: host.name, version: '0.0.0', dev: false, undoCommand: '/opt/ops undo', digests };
  const alerter = new Alerter({ ledger, clock, host: facts, onAppend });
  const reporter = new Reporter({ ledger, clock, host: facts, alerter, slots: NO_SLOTS, onAppend, reached: passBy });
  const steps = new StepRunner({
    ledger,
    kinds: spiedKinds(touched),
    clock,
    awake: async () => undefined,
    reached: passBy,
  });
  const verifier = verifierBy(() => setting.ring, clock);
  const control = { catchUp: async () => undefined };
  const policy = () => setting.policy;
  const redactor = new Redactor([KNOWN_SECRET]);
  return new Executor({
    onFault: (error) => {
      throw error;
    },
    registry,
    ledger,
    admissions: new Admissions({
      registry,
      host,
      policy,
      apps: () => ({ apps: {} }),
      ledger,
      clock,
      verifier,
      control,
      redactor,
    }),
    locks: new Locks(),
    running: new Running(
      () => ({ write: async () => undefined, lastLines: async () => '', close: async () => undefined }),
      clock,
    ),
    performer: new Performer({
      ledger,
      steps,
      facts: spiedFacts(touched),
      reporter,
      sources: new SourceWatch(ledger, { look: async () => [] }),
      undoCommand: facts.undoCommand,
      reached: passBy,
    }),
    reporter,
    slots: NO_SLOTS,
    reached: passBy,
  });
}

function spiedKinds(touched: string[]): StepKinds {
  const kind = (name: string): StepKind<Step> => {
    const note = (verb: string) => touched.push(`${name}.${verb}`);
    const health = [{ service: name, status: 'healthy' as const, endpoint: 'seen' }];
    return {
      observe: async () => (note('observe'), null),
      capture: async () => (note('capture'), null),
      apply: async () => (note('apply'), applied('done', { health })),
      undo: async () => (note('undo'), applied('taken back', { health })),
      reconcile: async () => (note('reconcile'), 'unknown'),
      preview: async () => (note('preview'), ''),
    };
  };
  return {
    command: kind('command'),
    container: kind('container'),
    directory: kind('directory'),
    file: kind('file'),
    link: kind('link'),
    probe: kind('probe'),
    record: kind('record'),
    service: kind('service'),
    setting: kind('setting'),
    tree: kind('tree'),
    upgrade: kind('upgrade'),
    watch: kind('watch'),
  };
}

function spiedFacts(touched: string[]): FactReader {
  return {
    answer: async ({ ask }) => {
      touched.push(`fact ${ask}`);
      return ask === 'file' ? { exists: false } : null;
    },
  };
}
