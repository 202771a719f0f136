import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { findAccount } from '../../src/adapters/accounts.ts';
import { readDaemonState } from '../../src/adapters/daemon-state.ts';
import { launchctl } from '../../src/adapters/launchctl.ts';
import { OpsError } from '../../src/errors.ts';
import { LABEL, type Layout, layoutOf, type Places, USER } from '../../src/install/layout.ts';
import { until } from './manager.ts';

const CLI = join(import.meta.dirname, '../../dist/src/cli/main.js');

/** The installation that is tried out. */
export class Subject {
  readonly layout: Layout;
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
    this.layout = layoutOf(places);
  }

  /** `ops install|uninstall` of this checkout; what it said. */
  async ops(verb: string, ...args: string[]): Promise<string> {
    const { root, launchDaemons, bin } = this.#places;
    const places = ['--launch-daemons', launchDaemons, '--bin', bin];
    return (await execa(process.execPath, [CLI, '--home', root, verb, ...places, ...args])).stdout;
  }

  get pid(): number {
    const state = readDaemonState(this.layout.home.var.daemon);
    if (!state) throw new Error('no daemon runs');
    return state.pid;
  }

  /** Waits for a daemon that takes tasks and is not the one before. */
  async ready(before: number, timeoutMs: number): Promise<void> {
    const state = () => readDaemonState(this.layout.home.var.daemon);
    const isNew = () => state()?.state === 'ready' && state()?.pid !== before;
    await until('a daemon that is ready', isNew, timeoutMs);
  }

  /** Waits until a task has begun and not ended. */
  async taskIsOpen(timeoutMs: number): Promise<void> {
    const { command } = this.layout;
    const isOpen = async () => (await execa(command, ['tasks', '--json'])).stdout.includes('"state": "open"');
    await until('the begin of a task', isOpen, timeoutMs);
  }

  /** A host that is in use is no place for a test. @throws OpsError */
  async refuseInstalled(): Promise<void> {
    if (process.geteuid?.() !== 0)
      throw new OpsError('this needs root: sudo node_modules/.bin/node scripts/test-macos.ts');
    const { root, plist } = this.layout;
    const there = [root, ...Object.values(plist)].filter((path) => existsSync(path));
    for (const label of Object.values(LABEL)) if ((await launchctl.print(label)).state !== 'absent') there.push(label);
    if (await findAccount(USER)) there.push(`the account ${USER}`);
    if (there.length === 0) return;
    throw new OpsError(`Ops is installed here, or was (${there.join(', ')}): this test is for a Mac without it`);
  }

  /** Says to the part after the boot that this installation may be removed. */
  mark(): void {
    writeFileSync(this.#mark, '');
  }

  /** @throws OpsError where this test did not install what is here: it would remove a ledger that somebody needs. */
  refuseOthers(): void {
    if (existsSync(this.#mark)) return;
    throw new OpsError(
      `what is installed in ${this.layout.root} was not installed by --before-reboot: it is left alone`,
    );
  }

  get #mark(): string {
    return join(this.layout.root, 'installed-by-test-macos');
  }

  /** All of it was made by the test. */
  async remove(): Promise<void> {
    await this.ops('uninstall');
    rmSync(this.layout.root, { recursive: true, force: true });
    if (!(await findAccount(USER))) return;
    for (const kind of ['Users', 'Groups']) await execa('dscl', ['.', '-delete', `/${kind}/${USER}`]);
  }
}
