import { join } from 'node:path';
import { systemClock } from '../src/adapters/clock.ts';
import { readRoleKey } from '../src/adapters/etc-files.ts';
import { openLedger } from '../src/adapters/ledger/index.ts';
import { digestOf } from '../src/contract/digest.ts';
import { utcTime } from '../src/contract/names.ts';
import type { OpsOutput } from '../src/contract/ops-output.ts';
import type { Task } from '../src/contract/task.ts';
import type { Home } from '../src/home.ts';
import type { Definition } from '../src/schedule/definition.ts';

const DAY_MS = 24 * 3600_000;
const SIGNERS = ['manager', 'plan-review', 'security'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo'];
/** Due once a day or more rarely: a daemon that has only these is at rest. */
const RARE = ['H H * * *', '30 2 * * *', '@daily', '15 3 * * 1-5', '0 6 1 * *', '0 9 * * 1#2', 'H 4 29 2 *'];

/** The pattern of the nth schedule. */
export type PatternOf = (n: number) => string;
export const rarely: PatternOf = (n) => RARE[n % RARE.length] ?? '@daily';

/** What must be in a ledger for a schedule to stand: its definition, its row, and the task that three have signed. */
export interface Defined {
  definition: Definition;
  digest: string;
  task: Task;
}

export function definedBy(patternOf: PatternOf, count: number): Defined[] {
  return Array.from({ length: count }, (_, n) => {
    const definition = definitionOf(`bench-${n}`, patternOf(n), ZONES[n % ZONES.length] ?? 'UTC');
    return { definition, digest: digestOf(definition), task: taskOf(definition) };
  });
}

/** Writes them into the ledger of a home whose daemon does not run, as the daemon would after as many tasks. */
export function writeSchedules({ keys, var: { ledger: path } }: Home, schedules: readonly Defined[]): void {
  const ledger = openLedger(path, systemClock);
  const at = systemClock.now();
  const attestedBy = SIGNERS.map((role) => readRoleKey(join(keys, `${role}.jwk`))).map(({ kid, principal, role }) => ({
    kid,
    principal,
    role,
  }));
  ledger.write(() => {
    for (const { definition, digest, task } of schedules) {
      ledger.claim({ task, digest: digestOf(task), tokens: [], attestedBy, claimedAt: at });
      ledger.conclude(task.task_id, { at, outcome: 'completed', reason: null, opsOutput: outputOf(task.task_id) });
      ledger.addDefinition(digest, definition);
      ledger.putSchedule(definition.name, { digest, task_id: task.task_id, paused: '' }, at);
    }
  });
  ledger.close();
}

function definitionOf(name: string, pattern: string, time_zone: string): Definition {
  return {
    name,
    purpose: 'Does nothing, so that it is known what everything around it costs',
    owner: 'platform@example.org',
    pattern,
    time_zone,
    environment: 'staging',
    actions: [
      {
        action: 'infra.command',
        with: { argv: ['/bin/true'], resources: [`bench:${name}`] },
        irreversible: true,
      },
    ],
    on_failure: 'stop',
    depends_on: [],
    expected_ms: 1_000,
    limit_ms: 60_000,
    overlap: 'skip',
    catch_up: 'none',
    retries: { count: 0, backoff_ms: 1_000 },
    alert: { after_failures: 1, severity: 'warning' },
    valid_until: utcTime(Date.now() + 365 * DAY_MS),
  };
}

function taskOf(definition: Definition): Task {
  return {
    task_id: `define-${definition.name}`,
    operation_type: 'cron',
    environment: 'host',
    host: 'mini-1',
    reason: 'bench',
    plan_id: 'plan-1',
    actions: [{ action: 'cron.define', with: definition }],
    on_failure: 'undo',
    expires_at: definition.valid_until,
  };
}

function outputOf(task_id: string): OpsOutput {
  const nothing = { actions_taken: [], health_checks: [], monitoring_setup: [], environment_changes: [], blockers: [] };
  return { task_id, status: 'completed', operation_type: 'cron', ...nothing, notes: '' };
}
