import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { readDaemonState } from '../src/adapters/daemon-state.ts';
import { readRoleKey } from '../src/adapters/etc-files.ts';
import { type Home, homeOf } from '../src/config.ts';
import { attest } from '../src/contract/attestation.ts';
import { type Task, utcTime } from '../src/contract/index.ts';

const SOURCE = join(import.meta.dirname, '../src');
const POLICY = 'allow:\n  - { actions: [infra.command], environments: [staging], hosts: [mini-1] }\n';

/** A home with a daemon and its embedded Redis, and signed tasks for it. */
export class BenchHome implements AsyncDisposable {
  readonly #home: Home;
  readonly #daemon: ReturnType<typeof startDaemon>;
  #count = 0;

  static async start(): Promise<BenchHome> {
    const root = mkdtempSync(join(tmpdir(), 'ops-bench-'));
    await execa(process.execPath, [join(SOURCE, 'cli/main.ts'), '--home', root, 'keys', 'init', '--host', 'mini-1']);
    const home = homeOf(root);
    writeFileSync(home.etc.policy, POLICY);
    const daemon = startDaemon(root);
    while (readDaemonState(home.var.daemon)?.state !== 'ready') await pause(20);
    return new BenchHome(home, daemon);
  }

  private constructor(home: Home, daemon: ReturnType<typeof startDaemon>) {
    this.#home = home;
    this.#daemon = daemon;
  }

  get url(): string {
    return readFileSync(join(this.#home.var.redis, 'url'), 'utf8').trim();
  }

  /** Tasks of one /bin/true each, that do not wait for each other, with three signatures. */
  async signedTasks(count: number) {
    return Promise.all(
      Array.from({ length: count }, async () => {
        this.#count += 1;
        const task = taskOf(`bench-${this.#count}`);
        const keys = ['manager', 'plan-review', 'security'].map((role) =>
          readRoleKey(join(this.#home.keys, `${role}.jwk`)),
        );
        const statement = { covers: { task }, issuedAt: new Date(), validForMs: 3600_000 };
        const attestations = await Promise.all(keys.map((key) => attest(key, statement)));
        return { name: task.operation_type, data: { task, attestations }, id: task.task_id };
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon.kill('SIGTERM');
    await this.#daemon;
    rmSync(this.#home.root, { recursive: true });
  }
}

function startDaemon(root: string) {
  return execa(process.execPath, [join(SOURCE, 'main.ts'), '--home', root], {
    reject: false,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function taskOf(task_id: string): Task {
  return {
    task_id,
    operation_type: 'infra',
    environment: 'staging',
    host: 'mini-1',
    reason: 'bench',
    plan_id: 'plan-1',
    actions: [
      {
        action: 'infra.command',
        with: { argv: ['/bin/true'], resources: [`path:/bench/${task_id}`] },
        irreversible: true,
      },
    ],
    on_failure: 'stop',
    expires_at: utcTime(Date.now() + 3600_000),
  };
}
