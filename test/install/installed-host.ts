import { cpSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, vi } from 'vitest';
import { Manager } from '../../scripts/test-macos/manager.ts';
import { readDaemonState } from '../../src/adapters/daemon-state.ts';
import { policyFile } from '../../src/adapters/etc-files.ts';
import { homeOf } from '../../src/config.ts';
import type { Home } from '../../src/home.ts';
import type * as artifacts from '../../src/install/artifact.ts';
import { USER } from '../../src/install/layout.ts';
import { rootWorkOf } from '../../src/install/root-work.ts';
import { sudoersDropIn } from '../../src/install/sudoers.ts';
import { Mac } from '../doubles/mac.ts';

const ROOT = join(import.meta.dirname, '../..');

/** How a copy of this package differs from it. */
interface Difference {
  version?: string;
  /** Seconds; the real one is 10. */
  throttle?: number;
  /** In the place of the daemon's entry. */
  main?: string;
}

/** A Mac with Ops installed from a copy of this package, and a Manager that uses it. */
export class InstalledHost implements AsyncDisposable {
  readonly mac: Mac;
  readonly root: string;
  readonly home: Home;
  readonly bin: string;
  /** For a task file of the operator's. */
  readonly task: string;
  #manager: Manager | undefined;

  /** Not installed yet. */
  static async make(): Promise<InstalledHost> {
    return new InstalledHost(await Mac.start());
  }

  private constructor(mac: Mac) {
    this.mac = mac;
    this.root = join(mac.folder, 'opt/savorg-ops');
    this.home = homeOf(this.root);
    this.bin = join(mac.folder, 'bin');
    this.task = join(mac.folder, 'task.yaml');
  }

  /** A copy of the package, as another build would be; its `ops`. */
  package({ version = '0.1.0', throttle = 1, main }: Difference = {}): string {
    const copy = join(this.mac.folder, `package-${version}`);
    mkdirSync(copy);
    for (const part of ['dist', 'launchd', 'package.json'])
      cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    edit(join(copy, 'dist/src/version.js'), /'0\.1\.0'/, `'${version}'`);
    edit(join(copy, 'package.json'), '"version": "0.1.0"', `"version": "${version}"`);
    edit(join(copy, 'dist/src/cli/install-verbs.js'), '/Library/LaunchDaemons', this.mac.launchDaemons);
    edit(join(copy, 'dist/src/cli/install-verbs.js'), '/usr/local/bin', this.bin);
    edit(join(copy, 'launchd/com.savorg.ops.plist'), '/usr/bin:/bin:', `${this.mac.tools}:/usr/bin:/bin:`);
    edit(join(copy, 'launchd/com.savorg.ops.plist'), '<integer>10</integer>', `<integer>${throttle}</integer>`);
    if (main !== undefined) writeFileSync(join(copy, 'dist/src/main.js'), main);
    return join(copy, 'dist/src/cli/main.js');
  }

  /** Packs such a copy, with a `node` that only leads to this one, or another; its digest, as a task names it. */
  async artifact({ node = this.#smallNode(), ...difference }: Difference & { node?: string }): Promise<string> {
    const copy = join(this.package(difference), '../../../..');
    const { makeArtifact } = (await import(join(copy, 'dist/src/install/artifact.js'))) as typeof artifacts;
    return `sha256:${await makeArtifact(this.home.installed.artifacts, node)}`;
  }

  #smallNode(): string {
    const path = join(this.mac.folder, 'node');
    writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    return path;
  }

  /** What sudo is to allow the daemon, as an operator puts it in its place. */
  allowRoot(): void {
    const work = rootWorkOf(policyFile(this.home.etc.policy).current(), 'mini-1', true);
    writeFileSync(this.mac.sudoers, sudoersDropIn({ daemon: USER, runAs: null, work, home: this.home }));
  }

  /** Where a test installs, for every verb of installation. */
  get places(): string[] {
    return ['--launch-daemons', this.mac.launchDaemons, '--bin', this.bin];
  }

  /** `ops install|upgrade|uninstall` by that `ops`; an object at the end is its environment. */
  run(ops: string, verb: string, ...rest: (string | Record<string, string>)[]) {
    const args = rest.filter((part) => typeof part === 'string');
    const given = rest.find((part) => typeof part === 'object');
    return execa(process.execPath, [ops, '--home', this.root, verb, ...this.places, ...args], {
      env: { ...this.mac.env, REDIS_URL: undefined, ...given },
      reject: false,
      stdin: 'ignore',
    });
  }

  /** Installs, and does what only people may do: the other roles' public keys, and a policy. */
  async install(ops = this.package()): Promise<void> {
    const { exitCode, stderr } = await this.run(ops, 'install', '--host', 'mini-1');
    expect([stderr, exitCode]).toEqual(['', 0]);
    this.#manager = new Manager(this.home, 'mini-1', join(this.mac.folder, 'people'));
    await this.#manager.beTrusted();
  }

  /** The installed `ops`, as `sudo ops` starts it. */
  ops(...args: string[]) {
    return execa(join(this.bin, 'ops'), args, { reject: false, stdin: 'ignore', all: true, env: this.mac.env });
  }

  /** A person at the terminal of the Mac. */
  async launchctl(...args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.mac.launchctl(...args);
    expect([args.join(' '), stderr, exitCode]).toEqual([args.join(' '), '', 0]);
  }

  /** Out of launchd, until it is installed again. */
  async takeOut(): Promise<void> {
    await this.launchctl('bootout', 'system/com.savorg.ops');
    const gone = async () => expect(await this.printed('state')).toBeUndefined();
    await vi.waitFor(gone, { timeout: 10_000 });
  }

  /** A line of `launchctl print`. */
  async printed(key: string, label = 'com.savorg.ops'): Promise<string | undefined> {
    const { stdout } = await this.mac.launchctl('print', `system/${label}`);
    return new RegExp(`^\t${key} = (.*)$`, 'm').exec(stdout)?.[1];
  }

  get state() {
    return readDaemonState(this.home.var.daemon);
  }

  /** Waits for a daemon that is ready and not `before`; its pid. */
  async ready(before?: number, timeout = 20_000): Promise<number> {
    return vi.waitFor(
      () => {
        const { state } = this;
        if (state?.state !== 'ready' || state.pid === before) expect.fail('no new daemon is ready');
        return state.pid;
      },
      { timeout, interval: 50 },
    );
  }

  get manager(): Manager {
    if (!this.#manager) throw new Error('nothing is installed yet');
    return this.#manager;
  }

  /** Every path below the Mac's folder, but the packages it was installed from and the keys of people. */
  files(): string[] {
    const all = readdirSync(this.mac.folder, { recursive: true, encoding: 'utf8' });
    return all.filter((path) => !/^(?:package-|people)/.test(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager?.[Symbol.asyncDispose]();
    await this.mac[Symbol.asyncDispose]();
  }
}

function edit(path: string, from: RegExp | string, to: string): void {
  writeFileSync(realpathSync(path), readFileSync(path, 'utf8').replace(from, to));
}
