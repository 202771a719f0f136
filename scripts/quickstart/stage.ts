import { once } from 'node:events';
import { join } from 'node:path';
import { execa } from 'execa';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'src/cli/main.ts');
const DAEMON = join(ROOT, 'src/main.ts');
const READY_MS = 20_000;
const POLL_MS = 100;

function spawnDaemon(home: string) {
  return execa(process.execPath, [DAEMON, '--home', home], { stdio: ['ignore', 'ignore', 'inherit'], reject: false });
}

/** Plays the quickstart: says what it does, and does it with the same commands that a person would type. */
export class Stage implements AsyncDisposable {
  readonly #home: string;
  #daemon: ReturnType<typeof spawnDaemon> | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  say(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  chapter(title: string): void {
    this.say(`\n━━ ${title}`);
  }

  async startDaemon(): Promise<void> {
    this.say('$ ops up');
    this.#daemon = spawnDaemon(this.#home);
    const deadline = AbortSignal.timeout(READY_MS);
    while ((await this.#state()) !== 'ready') {
      if (deadline.aborted || this.#daemon.nodeChildProcess.exitCode !== null)
        throw new Error('the daemon did not start');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.say('ready');
  }

  /** Runs an `ops` command that must succeed. */
  ops(...args: string[]): Promise<void> {
    return this.opsEndingWith(0, ...args);
  }

  async opsEndingWith(exitCode: number, ...args: string[]): Promise<void> {
    this.say(`$ ops ${args.map((arg) => arg.replace(`${this.#home}/`, '')).join(' ')}`);
    const ended = await this.#cli(args, 'inherit');
    if (ended.exitCode !== exitCode) throw new Error(`expected exit code ${exitCode}, got ${ended.exitCode}`);
  }

  /** What a web service answers. */
  async get(url: string): Promise<void> {
    this.say(`$ curl ${url}`);
    this.say((await (await fetch(url)).text()).trim());
  }

  /** Keeps the daemon until Ctrl-C. */
  async stay(): Promise<void> {
    this.say(`\nThe daemon stays up. Try: npm run -s ops -- --home ${this.#home} status\nCtrl-C ends it.`);
    await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), this.#daemon]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#daemon?.kill('SIGTERM');
    const ended = await this.#daemon;
    if (ended && ended.exitCode !== 0) throw new Error(`the daemon ended with ${ended.exitCode ?? ended.signal}`);
  }

  async #state(): Promise<string> {
    const { stdout } = await this.#cli(['status', '--json'], 'pipe');
    return (JSON.parse(String(stdout)) as { state: string }).state;
  }

  #cli(args: string[], output: 'inherit' | 'pipe') {
    const argv = [CLI, '--home', this.#home, ...args];
    return execa(process.execPath, argv, { stdio: ['ignore', output, output], reject: false });
  }
}
