import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { build, type PlistValue } from 'plist';
import { NEW_MAC } from './dscl/accounts.ts';
import { ask } from './launchd/ask.ts';
import type { Definition } from './launchd/definition.ts';
import type { Answer } from './launchd/verbs.ts';

const HERE = import.meta.dirname;

/** A small Mac in a temporary folder: launchd with real processes, `launchctl`, `dscl` and `sudo`. Needs root. */
export class Mac implements AsyncDisposable {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'ops-mac-')));
  readonly launchDaemons = join(this.folder, 'LaunchDaemons');
  readonly accounts = join(this.folder, 'accounts.json');
  /** A drop-in for sudo, once somebody has put one there. */
  readonly sudoers = join(this.folder, 'sudoers');
  /** macOS' own tools. */
  readonly tools = join(this.folder, 'bin');
  readonly env: { PATH: string };
  readonly #socket = join(this.folder, 'launchd.sock');
  #server: ReturnType<typeof startServer> | undefined;

  static async start(): Promise<Mac> {
    const mac = new Mac();
    mac.#server = startServer([mac.launchDaemons, mac.accounts, mac.#socket, mac.sudoers, mac.tools]);
    await once(mac.#server.nodeChildProcess.stdout as Readable, 'data');
    return mac;
  }

  private constructor() {
    chmodSync(this.folder, 0o755);
    mkdirSync(this.launchDaemons);
    writeFileSync(this.accounts, JSON.stringify(NEW_MAC));
    mkdirSync(this.tools);
    writeProgram(join(this.tools, 'launchctl'), [join(HERE, 'launchd/launchctl.ts'), this.#socket]);
    writeProgram(join(this.tools, 'dscl'), [join(HERE, 'dscl/dscl.ts'), this.accounts]);
    writeProgram(join(this.tools, 'sudo'), [join(HERE, 'sudo/sudo.ts'), this.#socket]);
    this.env = { PATH: `${this.tools}${delimiter}${process.env['PATH']}` };
  }

  /** Writes a plist into the folder that boots read; its path. */
  plist(label: string, keys: Partial<Definition>): string {
    const path = join(this.launchDaemons, `${label}.plist`);
    writeFileSync(path, build({ Label: label, ...keys } as PlistValue), { mode: 0o644 });
    return path;
  }

  /** The next `verb` answers this, and does nothing; null: it never answers. */
  async fail(verb: string, answer: Partial<Answer> | null): Promise<void> {
    await ask(this.#socket, { fault: { verb, answer: answer && { exitCode: 0, stdout: '', stderr: '', ...answer } } });
  }

  async reboot(reboot: 'in order' | 'power cut'): Promise<void> {
    await ask(this.#socket, { reboot });
  }

  launchctl(...args: string[]) {
    return execa('launchctl', args, { env: this.env, reject: false });
  }

  dscl(...args: string[]) {
    return execa('dscl', ['.', ...args], { env: this.env, reject: false });
  }

  /** @throws where something used `launchctl load` or `unload`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const forbidden = await ask<string[]>(this.#socket, { forbidden: true });
    this.#server?.nodeChildProcess.stdin?.end();
    await this.#server;
    rmSync(this.folder, { recursive: true, force: true });
    if (forbidden.length > 0) throw new Error(`launchctl ${forbidden.join(', launchctl ')} was used`);
  }
}

function startServer(args: string[]) {
  return execa(process.execPath, [join(HERE, 'launchd/server.ts'), ...args], {
    stdin: 'pipe',
    stderr: 'inherit',
    reject: false,
  });
}

function writeProgram(path: string, [script = '', argument = '']: string[]): void {
  writeFileSync(path, `#!/bin/sh\nexec '${process.execPath}' '${script}' '${argument}' "$@"\n`, { mode: 0o755 });
}
