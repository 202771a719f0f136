import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { onTestFinished } from 'vitest';
import { utcTime } from '../../src/contract/names.ts';
import { dashboardApp } from '../../src/dashboard/app.ts';
import type { DashboardOptions, DashboardSources } from '../../src/dashboard/index.ts';
import type { Logger } from '../../src/log.ts';
import { passwordIn } from '../../src/password.ts';
import { Redactor } from '../../src/secret.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import type { Condition } from '../../src/services/ports.ts';
import { scheduleTotals } from '../../src/services/schedule-totals.ts';
import { newSlot } from '../../src/services/slot-records.ts';
import { temporaryFolder } from '../services/support.ts';
import { definition } from '../support/definitions.ts';

export const SECRET = 'hunter2"&<s3cret>\\';
export const HOST = '127.0.0.1:7070';

/** Three schedules: one is well, one paused, one has failed until its end and has a slot that waits. */
export async function addSchedules(ledger: Ledger, now: number): Promise<void> {
  await ledger.commit(() => {
    for (const name of ['well', 'paused', 'failed']) {
      const valid_until = utcTime(name === 'failed' ? now : now + 1_000);
      ledger.addDefinition(name, definition({ name, valid_until }));
      ledger.putSchedule(name, { digest: name, task_id: 't', paused: name === 'paused' ? 'a <move>' : '' }, now);
    }
    ledger.changeSchedule('failed', { standing: { 'schedule-failed': 'a1', 'schedule-lapsed': 'a2' } });
    ledger.addSlot(newSlot({ schedule: 'failed', dueAt: now, digest: 'failed', claimedAt: now }));
  });
}

export const noSchedules = () => scheduleTotals({ schedules: () => [], openSlots: () => [] }, null, 0);

interface TestOptions extends DashboardOptions {
  /** What was logged. */
  logged: string[];
}

export function testOptions(more: Partial<DashboardOptions> = {}): TestOptions {
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  return {
    settings: { host: '127.0.0.1', port: 0, tls: null, hosts: [] },
    passwordFile: join(temporaryFolder(), 'dashboard.password'),
    host: 'mini-1',
    state: (): Condition => ({ state: 'ready', reason: null }),
    redactor: new Redactor([SECRET]),
    log: { warn: log, error: log } as unknown as Logger,
    logged,
    ...more,
  };
}

export const basic = (password: string, user = 'ops'): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** A dashboard without a socket, and how its people and strangers ask it. */
export async function testServer(more: Partial<DashboardOptions> = {}) {
  const options = testOptions(more);
  const password = passwordIn(options.passwordFile);
  const { server, ...app } = await dashboardApp(options, password);
  onTestFinished(() => server.close());
  const ask = (request: InjectOptions) =>
    server.inject({ method: 'GET', ...request, headers: { host: HOST, ...request.headers } });
  return {
    ...options,
    show: (sources: DashboardSources | null) => app.show(sources, sources?.ledger.lastSeqBefore(Infinity) ?? 0),
    password,
    /** As anybody. */
    ask,
    /** As somebody with the password. */
    look: (url: string, headers: Record<string, string> = {}) =>
      ask({ url, headers: { authorization: basic(password), ...headers } }),
  };
}
