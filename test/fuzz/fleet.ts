import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { embeddedRedis } from '../../src/adapters/redis-server.ts';
import { KeyRing, verifyReport } from '../../src/contract/index.ts';
import type { Cron } from '../integration/crons.ts';
import { TestHome } from '../integration/test-home.ts';
import { killNow, type Victim } from './death.ts';
import { endStrays } from './invariants.ts';

const AT_A_TIME = 50;
const LOG = { info: () => undefined, warn: () => undefined };

/** Hosts that share a Redis, each with a home and a daemon of its own, and one Manager that reads all results. */
export class Fleet implements AsyncDisposable {
  readonly homes: TestHome[] = [];
  readonly #stack = new AsyncDisposableStack();

  async start(hosts: number): Promise<void> {
    const dir = mkdtempSync(join(tmpdir(), 'ops-fleet-'));
    this.#stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    const server = embeddedRedis({ dir, log: LOG });
    await server.start();
    this.#stack.defer(() => server.stop());
    for (let n = 1; n <= hosts; n += 1) await this.#add(`mini-${n}`, server.url);
    this.#readTheResults(server.url);
  }

  async #add(host: string, url: string): Promise<void> {
    const home = await TestHome.make(
      { REDIS_URL: url, OPS_DASHBOARD: 'off' },
      { mortal: true, readResults: false, host },
    );
    this.#stack.use(home);
    this.#stack.defer(() => endStrays(home.root));
    await home.start();
    this.homes.push(home);
  }

  #readTheResults(url: string): void {
    const keys = this.homes.flatMap(
      (home) => KeyRing.parse(JSON.parse(readFileSync(home.home.etc.keyring, 'utf8'))).keys,
    );
    const homes = new Map(this.homes.map((home) => [home.host, home]));
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const read = async ({ data }: Job) => {
      const report = await verifyReport(data, { version: 1, keys });
      homes.get(report.evidence.host)?.reports.push(report);
    };
    const worker = new Worker('ops-results', read, { connection, prefix: '{savorg}', concurrency: 10 });
    this.#stack.defer(async () => {
      await worker.close(true);
      connection.disconnect();
    });
  }

  /** Has schedules of a host defined by signed tasks. */
  async define(home: TestHome, crons: readonly Cron[]): Promise<void> {
    for (let first = 0; first < crons.length; first += AT_A_TIME) {
      const some = crons.slice(first, first + AT_A_TIME);
      const id = `define-${home.host}-${first}`;
      const actions = some.map(({ definition }) => ({ action: 'cron.define', with: { ...definition } }));
      await home.submit(home.task(id, actions, { operation_type: 'cron' }));
      const { ops_output } = await home.report(id, 1, 60_000);
      if (ops_output.status !== 'completed') throw new Error(JSON.stringify(ops_output.blockers));
    }
  }

  /** SIGKILL to these of a host, and a start at once. */
  async kill(home: TestHome, victims: readonly Victim[], { hurried }: { hurried: boolean }): Promise<void> {
    for (const victim of victims) killNow(home.root, victim);
    await home.died();
    if (hurried) await home.passStall();
    await home.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
