import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import { removeTree } from '../../src/adapters/trees/seal.ts';
import type { Task } from '../../src/contract/task.ts';
import type { TestHome } from './test-home.ts';
import { until } from './until.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/web');
const SERVICE = join(EXAMPLE, 'service.mjs');
const ENVIRONMENTS = ['staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** What an app declares beyond what the example needs. */
type Declared = Record<string, unknown>;

const WATCH_MS = 300;
const BUILD = { argv: [process.execPath, 'build.mjs'] };
const QUICK = { attempts: 40, interval_ms: 50, timeout_ms: 1_000 };

const VERBS = ['release', 'rollback', 'promote', 'prune'].map((verb) => `deploy.${verb}`);

/** Has policy allow every deploy of these apps. */
export function allowDeploys({ home, host }: TestHome, ...apps: string[]): void {
  const rule = { actions: VERBS, environments: [...ENVIRONMENTS], hosts: [host], apps };
  writeFileSync(home.etc.policy, stringify({ allow: [rule] }));
}

/** The example app, its git remote, and its two places, in the folder of a test. */
export class WebApp implements AsyncDisposable {
  readonly name: string;
  readonly folder: string;
  readonly #ports: Record<Environment, number>;
  readonly #home: TestHome;
  #deploys = 0;

  static async make(home: TestHome, name: string): Promise<WebApp> {
    const app = new WebApp(home, name, { staging: await freePort(), production: await freePort() });
    for (const environment of ENVIRONMENTS) app.#layOut(environment);
    await app.#git('init', '--quiet', '--initial-branch=main');
    for (const file of readdirSync(EXAMPLE))
      if (file !== 'service.mjs') app.write(file, readFileSync(join(EXAMPLE, file), 'utf8'));
    app.declare();
    return app;
  }

  private constructor(home: TestHome, name: string, ports: Record<Environment, number>) {
    this.#home = home;
    this.name = name;
    this.folder = home.folder(name);
    this.#ports = ports;
    mkdirSync(this.at('source'));
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  url(environment: Environment, path: string): string {
    return `http://127.0.0.1:${this.#ports[environment]}${path}`;
  }

  write(file: string, text: string): void {
    writeFileSync(this.at('source', file), text);
  }

  /** Changes its source, and commits that; the commit. */
  async commit(version: string, change: (server: string) => string = (server) => server): Promise<string> {
    this.write('VERSION', `${version}\n`);
    this.write('server.mjs', change(readFileSync(this.at('source/server.mjs'), 'utf8')));
    await this.#git('add', '--all');
    await this.#git(
      '-c',
      'user.name=A',
      '-c',
      'user.email=a@example.com',
      'commit',
      '--quiet',
      '--message',
      `Version ${version}`,
    );
    return this.#git('rev-parse', 'HEAD');
  }

  /** Back to the commit before, as if that last one had never been. */
  async forget(): Promise<void> {
    await this.#git('reset', '--quiet', '--hard', 'HEAD~1');
  }

  task(verb: string, environment: Environment, input: object = {}, more: Partial<Task> = {}): Task {
    this.#deploys += 1;
    const action = { action: `deploy.${verb}`, with: { app: this.name, environment, ...input } };
    const irreversible = verb === 'prune' ? { irreversible: true } : {};
    const heading = {
      operation_type: 'deploy',
      environment,
      reason: `Try ${verb}`,
    } as const;
    return this.#home.task(`${this.name}-${verb}-${this.#deploys}`, [{ ...action, ...irreversible }], {
      ...heading,
      ...more,
    });
  }

  /** Has the builds that begin from now on wait until it is open. */
  gate(): { reached: () => Promise<void>; open: () => void } {
    const open = this.at('open');
    rmSync(open, { force: true });
    const waits = { argv: ['/bin/sh', '-c', `touch waits; until test -e ${open}; do sleep 0.02; done`] };
    this.declare({ build: [waits, BUILD] });
    const isReached = () => this.releases('staging').some((id) => existsSync(this.at('staging/releases', id, 'waits')));
    return {
      reached: () => until('a build', isReached),
      open: () => {
        writeFileSync(open, '');
        this.declare();
      },
    };
  }

  /** What `current` leads to; null where it is absent. @throws where it leads to nothing whole. */
  current(environment: Environment): string | null {
    try {
      return readlinkSync(this.at(environment, 'current'));
    } catch {
      return null;
    }
  }

  /** The releases whose folders are there. */
  releases(environment: Environment): string[] {
    return readdirSync(this.at(environment, 'releases')).filter((name) => !name.startsWith('.'));
  }

  /** What the app that runs says of itself. */
  async version(environment: Environment): Promise<string> {
    const answer = await fetch(this.url(environment, '/version'));
    return ((await answer.json()) as { version: string }).version;
  }

  /** As a power cut ends it. */
  async kill(environment: Environment): Promise<void> {
    const { stdout } = await execa('pgrep', ['-f', ` ${this.at(environment, 'current/server.mjs')}$`], {
      reject: false,
    });
    for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
  }

  /** As its host starts it. */
  async start(environment: Environment): Promise<void> {
    await execa(process.execPath, [SERVICE, this.at(environment), 'start']);
  }

  async #git(...argv: string[]): Promise<string> {
    return (await execa('git', argv, { cwd: this.at('source') })).stdout;
  }

  /** Ends what it runs, whoever started it; what is sealed nobody but root could remove as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(ENVIRONMENTS.map((each) => execa(process.execPath, [SERVICE, this.at(each), 'stop'])));
    await Promise.all(ENVIRONMENTS.map((each) => removeTree(this.at(each, 'releases'))));
  }

  /** What it declares of a place. */
  place(environment: Environment): Declared {
    const own = (verb: string) => [process.execPath, SERVICE, this.at(environment), verb];
    const programs = { start: own('start'), stop: own('stop'), status: own('status') };
    const writes = [this.at(environment, 'shared')];
    return {
      root: this.at(environment),
      service: { supervisor: 'command', name: `${this.name}-${environment}`, ...programs, writes, network: true },
      checks: [{ type: 'http', service: this.name, url: this.url(environment, '/up'), ...QUICK }],
      watch: { for_ms: WATCH_MS, every_ms: 50 },
    };
  }

  #declaration(): Declared {
    return {
      source: { type: 'git', remote: `file://${this.at('source')}` },
      build: [BUILD],
      shared: ['data', 'config.json'],
      keep: 2,
      environments: Object.fromEntries(ENVIRONMENTS.map((each) => [each, this.place(each)])),
    };
  }

  /** Has `etc/apps.yaml` declare it, with some of it otherwise. */
  declare(more: Declared = {}, host: Declared = {}): void {
    const { apps: path } = this.#home.home.etc;
    const { apps = {} } = existsSync(path) ? (parse(readFileSync(path, 'utf8')) as { apps?: Declared }) : {};
    const declared = { ...this.#declaration(), ...more };
    writeFileSync(
      path,
      stringify({ apps: { ...apps, [this.name]: declared }, host: { load_per_core: 1_000, ...host } }),
    );
  }

  #layOut(environment: Environment): void {
    mkdirSync(this.at(environment, 'shared/data'), { recursive: true });
    mkdirSync(this.at(environment, 'releases'));
    const config = { port: this.#ports[environment] };
    writeFileSync(this.at(environment, 'shared/config.json'), JSON.stringify(config));
  }
}

function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number };
    server.close(() => resolve(port));
  });
  return promise;
}
