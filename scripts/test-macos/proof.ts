import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { findAccount } from '../../src/adapters/accounts.ts';
import { launchctl } from '../../src/adapters/launchctl.ts';
import { LABEL, USER } from '../../src/install/layout.ts';
import { Manager, until } from './manager.ts';
import type { Record } from './record.ts';
import type { Subject } from './subject.ts';

const HOST = 'test-mac';
const OPEN_TASK = 'open-at-reboot';
/** Longer than launchd's throttle: what it wants to start again has come by then. */
const STAYS_DOWN_MS = 12_000;
/** The throttle, and 5 s. */
const BACK_MS = 15_000;
const STOP_MS = 50_000;
const BOOT_MS = 60_000;
const ENDLESS = ['/bin/sh', '-c', 'while :; do sleep 0.2; done'];

/** Does to an installed Ops what happens to daemons, and says what was proven. */
export class Proof implements AsyncDisposable {
  readonly #subject: Subject;
  readonly #record: Record;
  readonly #keys = mkdtempSync(join(tmpdir(), 'ops-test-keys-'));
  #manager: Manager | undefined;

  constructor(subject: Subject, record: Record) {
    this.#subject = subject;
    this.#record = record;
  }

  /** False where it cannot go on. */
  async installed(): Promise<boolean> {
    await this.#record.prove('ops install: the daemon is ready', async () => {
      await this.#subject.ops('install', '--host', HOST);
      await this.#subject.ready(0, BACK_MS);
      this.#meetManager();
      await this.#sender.beTrusted();
    });
    return this.#manager !== undefined;
  }

  async life(): Promise<void> {
    const { prove } = this.#record;
    await prove('a second ops install changes nothing', () => this.#installsNothing());
    await prove(`the daemon runs as ${USER}, not as root`, () => this.#runsAsItsUser());
    await prove('launchd has read ExitTimeOut and ThrottleInterval', () => this.#hasItsTimes());
    await prove('a task runs, and its report arrives', () => this.#completes('a-task'));
    await prove('launchctl stop: it ends with 0, and stays down', () => this.#stopsAndStaysDown());
    await prove('what was enqueued meanwhile runs after launchctl start', () => this.#worksAfterStart());
    for (const signal of ['SIGSEGV', 'SIGKILL'] as const) {
      await prove(`${signal}: it is back in time, and says what that interrupted`, () => this.#survives(signal));
    }
    await prove('SIGUSR2: it ends in order, and is started again', () => this.#startsAgain());
  }

  async opensTask(): Promise<void> {
    await this.#record.prove('a task is open', async () => {
      await this.#sender.submit(OPEN_TASK, ENDLESS);
      await this.#subject.taskIsOpen(BACK_MS);
    });
  }

  async survivedBoot(): Promise<void> {
    const { prove } = this.#record;
    await prove('it came back by itself after the boot', () => this.#subject.ready(0, BOOT_MS));
    await prove('the task that was open is reported', async () => {
      this.#meetManager();
      await this.#interrupted(OPEN_TASK);
    });
  }

  async uninstalled(): Promise<void> {
    await this.#record.prove('ops uninstall: both services are gone, settings and ledger are there', async () => {
      await this.#subject.ops('uninstall');
      const states = await Promise.all(Object.values(LABEL).map((label) => launchctl.print(label)));
      if (states.some(({ state }) => state !== 'absent')) throw new Error(JSON.stringify(states));
      const { etc, var: own } = this.#subject.layout.home;
      if (!existsSync(etc.keyring) || !existsSync(own.ledger)) throw new Error('settings or ledger are gone');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager?.[Symbol.asyncDispose]();
    rmSync(this.#keys, { recursive: true, force: true });
  }

  #meetManager(): void {
    this.#manager = new Manager(this.#subject.layout.home, HOST, this.#keys);
  }

  get #sender(): Manager {
    if (!this.#manager) throw new Error('nothing is installed');
    return this.#manager;
  }

  async #installsNothing(): Promise<void> {
    const changed = (await this.#subject.ops('install')).match(/^done .*$/gm);
    if (changed) throw new Error(changed.join('; '));
  }

  async #runsAsItsUser(): Promise<void> {
    const { stdout } = await execa('ps', ['-o', 'uid=', '-p', String(this.#subject.pid)]);
    const account = await findAccount(USER);
    if (Number(stdout) !== account?.uid) throw new Error(`its user is ${stdout.trim()}`);
  }

  async #hasItsTimes(): Promise<void> {
    const { stdout } = await execa('launchctl', ['print', `system/${LABEL.ops}`]);
    const missing = ['exit timeout = 45', 'minimum runtime = 10'].filter((line) => !stdout.includes(line));
    if (missing.length > 0) throw new Error(`launchctl print does not say ${missing.join(', ')}`);
  }

  async #stopsAndStaysDown(): Promise<void> {
    await execa('launchctl', ['stop', LABEL.ops]);
    const ended = await until('its end', stopped, STOP_MS);
    if (JSON.stringify(ended.lastExit) !== '{"code":0}')
      throw new Error(`it ended with ${JSON.stringify(ended.lastExit)}`);
    await pause(STAYS_DOWN_MS);
    if (!(await stopped())) throw new Error('launchd started it again');
  }

  async #worksAfterStart(): Promise<void> {
    await this.#sender.submit('meanwhile', ['true']);
    await execa('launchctl', ['start', LABEL.ops]);
    await this.#completed('meanwhile');
  }

  async #survives(signal: NodeJS.Signals): Promise<void> {
    const before = this.#subject.pid;
    const taskId = signal.toLowerCase();
    await this.#sender.submit(taskId, ENDLESS);
    await this.#subject.taskIsOpen(BACK_MS);
    process.kill(before, signal);
    await this.#subject.ready(before, BACK_MS);
    await this.#interrupted(taskId);
  }

  async #startsAgain(): Promise<void> {
    const before = this.#subject.pid;
    await execa('launchctl', ['kill', 'SIGUSR2', `system/${LABEL.ops}`]);
    await this.#subject.ready(before, STOP_MS);
  }

  async #completes(taskId: string): Promise<void> {
    await this.#sender.submit(taskId, ['true']);
    await this.#completed(taskId);
  }

  async #completed(taskId: string): Promise<void> {
    const { ops_output } = await this.#sender.report(taskId);
    if (ops_output.status !== 'completed') throw new Error(JSON.stringify(ops_output.blockers));
  }

  async #interrupted(taskId: string): Promise<void> {
    const { evidence } = await this.#sender.report(taskId);
    if (evidence.outcome !== 'interrupted') throw new Error(`its outcome is ${evidence.outcome}`);
  }
}

async function stopped() {
  const seen = await launchctl.print(LABEL.ops);
  return seen.state === 'not running' && seen;
}
