import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../../../src/adapters/accounts.ts';
import { readProc, treeBelow } from '../../../src/runner/process-table.ts';
import { readDefinition, startsAtLoad } from './definition.ts';
import { Job, signalIfThere } from './job.ts';

/** A little launchd: the system domain of a Mac, with real processes. Codes are launchd's own. */
export class Launchd {
  readonly jobs = new Map<string, Job>();
  readonly disabled = new Set<string>();
  readonly #directory: string;
  readonly #accountOf: (user: string) => Account | undefined;

  /** `directory` is what boots read: /Library/LaunchDaemons. */
  constructor(directory: string, accountOf: (user: string) => Account | undefined) {
    this.#directory = directory;
    this.#accountOf = accountOf;
  }

  /** 0, or why not. */
  bootstrap(path: string): number {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return 5;
    if (stat.uid !== 0 || (stat.mode & 0o022) !== 0) return 122;
    const definition = readDefinition(readFileSync(path, 'utf8'));
    if (typeof definition === 'number') return definition;
    const there = this.jobs.get(definition.Label);
    if (there) return there.leaving ? 5 : 37;
    if (this.disabled.has(definition.Label)) return 119;
    const account = definition.UserName === undefined ? { uid: 0, gid: 0 } : this.#accountOf(definition.UserName);
    if (!account) return 5;
    const job = new Job(path, definition, account);
    this.jobs.set(definition.Label, job);
    if (startsAtLoad(definition)) job.start();
    return 0;
  }

  /** Answers at once; the service is there until its process has ended. */
  bootout(label: string): number {
    const job = this.jobs.get(label);
    if (!job) return 3;
    if (job.leaving) return 36;
    void job.leave().then(() => this.jobs.delete(label));
    return 0;
  }

  /** In order: SIGTERM to every service, and time. A power cut: every process is gone at once. Then a boot. */
  async reboot(how: 'in order' | 'power cut'): Promise<void> {
    if (how === 'power cut') this.cutPower();
    await Promise.all([...this.jobs.values()].map((job) => job.leave()));
    this.cutPower();
    this.jobs.clear();
    for (const name of readdirSync(this.#directory).filter((file) => file.endsWith('.plist'))) {
      this.bootstrap(join(this.#directory, name));
    }
  }

  /** What runs below a service goes with it, also in a session of its own. In one tick: nothing can answer to it. */
  cutPower(): void {
    const services = [...this.jobs.values()].flatMap(({ pid }) => pid ?? []);
    const doomed = [...services, ...treeBelow(readProc(), services).map(({ pid }) => pid)];
    for (const job of this.jobs.values()) job.forget();
    for (const pid of doomed) signalIfThere(pid, 'SIGKILL');
  }
}
