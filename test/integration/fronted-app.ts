import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import type { Task } from '../../src/contract/task.ts';
import { FRONTS, type FrontName } from './fronts.ts';
import type { TestHome } from './test-home.ts';
import { until } from './until.ts';

/** Takes requests at a port or a socket, is never quite idle, and ends once no request is under way. */
const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
const version = readFileSync(join(import.meta.dirname, 'VERSION'), 'utf8').trim();
const routes = { '/': () => 200, '/up': () => up(), '/slow': () => 200 };
let asked = 0;
const up = () => 200;
const server = createServer((request, response) => {
  const status = routes[request.url]?.() ?? 404;
  setTimeout(() => response.writeHead(status).end(version), request.url === '/slow' ? 1_500 : 20);
});
server.listen(process.argv[2]);
process.on('SIGTERM', () => server.close());
`;

/** \`sh service.sh <root> <instance> <where> start|stop|status\`. Known by the path in its command line: no pid is stale. */
const SERVICE = `
server="$1/current-$2/server.mjs $3"
runs() { pgrep -f "^${process.execPath} $server$" >/dev/null; }
case $4 in
  start) setsid '${process.execPath}' $server >>"$1/shared/log" 2>&1 </dev/null &
    # Not before it has a session of its own.
    for _ in 1 2 3 4 5 6 7 8 9; do runs && break; sleep 0.1; done ;;
  stop) pkill -f "^${process.execPath} $server$"; while runs; do sleep 0.02; done ;;
  status) runs || exit 3 ;;
esac
`;

const QUICK = { attempts: 40, interval_ms: 100, timeout_ms: 1_000 };
/**
 * Fronts read their file again some time after they were told to, and a busy host takes longer with that. Longer than HAProxy
 * keeps an idle connection, which in turn is longer than a client waits for its turn: it would find its connection closed.
 */
const DRAIN_MS = 1_500;

/** An app of two instances behind a real front, with its git remote, in the folder of a test. It has a staging only. */
export class FrontedApp implements AsyncDisposable {
  readonly name: FrontName;
  readonly folder: string;
  readonly #home: TestHome;
  readonly #port: number;
  readonly #instances: Record<'a' | 'b', { where: string; check: object }>;
  #tasks = 0;

  static async make(home: TestHome, name: FrontName): Promise<FrontedApp> {
    const app = new FrontedApp(home, name, [await lowPort(), await lowPort(), await lowPort()]);
    await app.#git('init', '--quiet', '--initial-branch=main');
    app.declare();
    return app;
  }

  private constructor(home: TestHome, name: FrontName, [front, a, b]: readonly [number, number, number]) {
    this.#home = home;
    this.name = name;
    this.folder = home.folder(name);
    this.#port = front;
    for (const folder of ['source', 'releases', 'shared', 'front']) mkdirSync(this.at(folder));
    writeFileSync(this.at('service.sh'), SERVICE);
    this.#instances = { a: this.#instance('a', a), b: this.#instance('b', b) };
    writeFileSync(this.at('front/main'), FRONTS[name].settings({ folder: this.at('front'), port: front }));
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/`;
  }

  /** A version of its own, whose server is changed like that; the commit. */
  async commit(version: string, change: (server: string) => string = (server) => server): Promise<string> {
    writeFileSync(this.at('source/VERSION'), version);
    writeFileSync(this.at('source/server.mjs'), change(SERVER));
    await this.#git('add', '--all');
    const author = ['-c', 'user.name=A', '-c', 'user.email=a@example.com'];
    await this.#git(...author, 'commit', '--quiet', '--message', version);
    return this.#git('rev-parse', 'HEAD');
  }

  task(verb: 'release' | 'rollback', input: object = {}): Task {
    this.#tasks += 1;
    const action = { action: `deploy.${verb}`, with: { app: this.name, environment: 'staging', ...input } };
    const heading = { operation_type: 'deploy', environment: 'staging', on_interrupt: 'undo' } as const;
    return this.#home.task(`${this.name}-${verb}-${this.#tasks}`, [action], heading);
  }

  /** Where the links of the place and the front lead, and which instances run. */
  async picture(): Promise<Record<string, unknown>> {
    const [a, b] = await Promise.all([this.#runs('a'), this.#runs('b')]);
    const links = ['current', 'current-a', 'current-b'].map((name) => [name, this.#link(name)]);
    return { ...Object.fromEntries(links), front: readFileSync(this.frontFile, 'utf8'), a, b };
  }

  get frontFile(): string {
    return this.at('front/upstream');
  }

  /** What answers there. */
  async answer(path = ''): Promise<string> {
    return (await fetch(`${this.url}${path}`, { headers: { connection: 'close' } })).text();
  }

  /** Starts the front, which has a file once the app was deployed. */
  async startFront(): Promise<void> {
    const { start } = FRONTS[this.name];
    writeFileSync(this.frontFile, FRONTS[this.name].text.replaceAll('{{address}}', this.#addressOf('a')));
    const [program = '', ...args] = start(this.at('front'));
    await execa(program, args, { stdio: 'ignore' });
    await until(`${this.name} to answer`, () => fetch(this.url).then(Boolean, () => false));
  }

  async #git(...argv: string[]): Promise<string> {
    return (await execa('git', argv, { cwd: this.at('source') })).stdout;
  }

  #link(name: string): string | null {
    try {
      return readlinkSync(this.at(name));
    } catch {
      return null;
    }
  }

  #own(name: 'a' | 'b', verb: string): string[] {
    return ['/bin/sh', this.at('service.sh'), this.folder, name, this.#instances[name].where, verb];
  }

  async #runs(name: 'a' | 'b'): Promise<boolean> {
    const [program = '', ...args] = this.#own(name, 'status');
    return (await execa(program, args, { reject: false })).exitCode === 0;
  }

  /** One with a socket is asked by a program, for a check over HTTP needs a port. */
  #instance(name: 'a' | 'b', port: number): { where: string; check: object } {
    const service = `${this.name}-${name}`;
    if (this.name === 'nginx')
      return {
        where: String(port),
        check: { type: 'http', service, url: `http://127.0.0.1:${port}/up`, ...QUICK },
      };
    const where = this.at(`shared/${name}.sock`);
    return { where, check: { type: 'command', service, argv: ['/usr/bin/test', '-S', where], ...QUICK } };
  }

  #addressOf(name: 'a' | 'b'): string {
    const { where } = this.#instances[name];
    return this.name === 'nginx' ? `127.0.0.1:${where}` : `unix@${where}`;
  }

  /** Has `etc/apps.yaml` declare it. */
  declare(): void {
    const { apps: path } = this.#home.home.etc;
    const { apps = {} } = readApps(path);
    const instance = (name: 'a' | 'b') => {
      const [start, stop, status] = ['start', 'stop', 'status'].map((verb) => this.#own(name, verb));
      const programs = { start, stop, status, writes: [this.at('shared')], network: true };
      return {
        service: { supervisor: 'command', name: `${this.name}-${name}`, ...programs },
        address: this.#addressOf(name),
        checks: [this.#instances[name].check],
      };
    };
    const { text, reload } = FRONTS[this.name];
    const staging = {
      root: this.folder,
      checks: [{ type: 'http', service: this.name, url: `${this.url}up`, ...QUICK }],
      // The front leads nowhere before the first release, and may do so once more after a check that was healthy.
      watch: { for_ms: 0, every_ms: 50, failures: 0.2 },
      hand_over: {
        instances: { a: instance('a'), b: instance('b') },
        front: {
          file: this.frontFile,
          text,
          reload: { argv: reload(this.at('front')), writes: [this.at('front')] },
        },
        drain_ms: DRAIN_MS,
      },
    };
    const declared = { source: { type: 'git', remote: `file://${this.at('source')}` }, environments: { staging } };
    writeFileSync(path, stringify({ apps: { ...apps, [this.name]: declared }, host: { load_per_core: 1_000 } }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pid = Number.parseInt(readFileSync(this.at('front/pid'), 'utf8'), 10);
    if (pid) process.kill(pid, 'SIGTERM');
    for (const name of ['a', 'b'] as const) {
      const [program = '', ...args] = this.#own(name, 'stop');
      await execa(program, args);
    }
  }
}

/** A free one that no system gives to those who connect: one of these could have an instance's while it does not run. */
async function lowPort(): Promise<number> {
  const server = createServer().listen(randomInt(10_000, 30_000), '127.0.0.1');
  const isFree = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!isFree) return lowPort();
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

function readApps(path: string): { apps?: Record<string, unknown> } {
  try {
    return parse(readFileSync(path, 'utf8')) as { apps?: Record<string, unknown> };
  } catch {
    return {};
  }
}
