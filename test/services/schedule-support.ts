import { registry } from '../../jobs/index.ts';
import { attest, TOKEN_MAX_AGE_MS } from '../../src/contract/attestation.ts';
import type { RoleKey } from '../../src/contract/keyring.ts';
import type { SlotTask } from '../../src/contract/task.ts';
import type { Alerter } from '../../src/services/alerter.ts';
import { DueTimes } from '../../src/services/due-times.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { obstaclesBy } from '../../src/services/obstacles.ts';
import type { Clock, Verifier } from '../../src/services/ports.ts';
import type { Running } from '../../src/services/running.ts';
import { ScheduleAlerts } from '../../src/services/schedule-alerts.ts';
import { ScheduleRows } from '../../src/services/schedule-rows.ts';
import { Scheduler } from '../../src/services/scheduler.ts';
import { SlotClaims } from '../../src/services/slot-claims.ts';
import { SlotDispatch } from '../../src/services/slot-dispatch.ts';
import { SlotEnds } from '../../src/services/slot-ends.ts';
import { SlotKeeping } from '../../src/services/slot-keeping.ts';

export interface TestScheduleParts {
  ledger: Ledger;
  clock: Clock;
  alerter: Alerter;
  host: string;
  verifier: Verifier;
  running: Running;
  hostKey: RoleKey;
}

/** The scheduler with its real parts on a queue in memory; it looks when it is told to, and at each change. */
export function testSchedules(parts: TestScheduleParts) {
  const { ledger, alerter, host, clock, hostKey } = parts;
  /** What is on the queue: the task and its tokens, by its id. */
  const queue = new Map<string, { task: SlotTask; tokens: string[] }>();
  const pings: string[] = [];
  const ticked: string[][] = [];
  const problems: unknown[] = [];
  let usable = true;
  let open: Promise<void> = Promise.resolve();
  const heartbeats = { ping: (url: string, what: string | number) => void pings.push(`${url} ${what}`) };
  const alerts = new ScheduleAlerts({ ledger, alerter, host });
  const obstacles = obstaclesBy({ ...parts, registry });
  const ends = new SlotEnds({ ledger, alerts, obstacles, heartbeats, onEnd: () => scheduler.look() });
  const times = new DueTimes({ ledger, alerts });
  const claims = new SlotClaims({ ...parts, times, obstacles, alerts });
  const onChange = (name: string) => scheduler.changed(name);
  const rows = new ScheduleRows({ ledger, clock, claims, alerts, onChange });
  const scheduler: Scheduler = new Scheduler({
    ...parts,
    // The pause between two looks is not waited for.
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      wait: (ms, signal) => (ms < 1_000 ? Promise.resolve() : clock.wait(ms, signal)),
    },
    times,
    claims,
    dispatch: new SlotDispatch({ ...parts, obstacles, alerts, ends }),
    keeping: new SlotKeeping({ ...parts, obstacles, ends }),
    ticker: () => ({
      tickIn: (seconds) => void ticked.push([...seconds]),
      restart: () => undefined,
      stop: () => undefined,
    }),
    queue: {
      bring: async (task) => {
        await open;
        const statement = { covers: { task }, issuedAt: new Date(clock.now()), validForMs: TOKEN_MAX_AGE_MS };
        if (!queue.has(task.task_id)) queue.set(task.task_id, { task, tokens: [await attest(hostKey, statement)] });
      },
    },
    heartbeats,
    heartbeat: 'http://hc/scheduler',
    isUsable: () => usable,
    onMessage: () => undefined,
    onProblem: (error) => void problems.push(error),
  });
  return {
    alerts,
    ends,
    rows,
    scheduler,
    queue,
    pings,
    ticked,
    problems,
    /** Nothing comes on the queue until this resolves. */
    holdQueue: (until: Promise<void>) => {
      open = until;
    },
    setUsable: (value: boolean) => {
      usable = value;
    },
  };
}
