import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';

const EXAMPLE = join(import.meta.dirname, '../../examples/web');
const ENVIRONMENTS = ['staging', 'production'] as const;
type Environment = (typeof ENVIRONMENTS)[number];

/** Nobody's settings, hooks or signing keys. */
const OWN_GIT = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
const AUTHOR = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com'];

/** The example app as an operator sets it up on a host: a git remote of its source, and two places where it runs. */
export class Web implements AsyncDisposable {
  readonly #folder: string;
  readonly #ports: Record<Environment, number>;

  static async make(folder: string): Promise<Web> {
    const web = new Web(folder, { staging: await freePort(), production: await freePort() });
    await cp(EXAMPLE, web.#at('source'), { recursive: true });
    await web.#git('init', '--quiet', '--initial-branch=main');
    for (const environment of ENVIRONMENTS) await web.#layOut(environment);
    return web;
  }

  private constructor(folder: string, ports: Record<Environment, number>) {
    this.#folder = folder;
    this.#ports = ports;
  }

  url(environment: Environment, path: string): string {
    return `http://127.0.0.1:${this.#ports[environment]}${path}`;
  }

  /** What `etc/apps.yaml` says of it. */
  declaration(): string {
    const environments = Object.fromEntries(ENVIRONMENTS.map((name) => [name, this.#place(name)]));
    const source = { type: 'git', remote: `file://${this.#at('source')}` };
    const build = [{ argv: [process.execPath, 'build.mjs'] }];
    return stringify({ apps: { web: { source, build, shared: ['data', 'config.json'], environments } } });
  }

  /** The commit of a new version, with its server changed. */
  async commit(version: string, change: (server: string) => string = (server) => server): Promise<string> {
    const server = this.#at('source/server.mjs');
    await writeFile(this.#at('source/VERSION'), `${version}\n`);
    await writeFile(server, change(await readFile(server, 'utf8')));
    await this.#git('add', '--all');
    await this.#git(...AUTHOR, 'commit', '--quiet', '--message', `Version ${version}`);
    return this.#git('rev-parse', 'HEAD');
  }

  /** Ends what the daemon has started: it lives longer than the daemon. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const environment of ENVIRONMENTS) await execa(process.execPath, this.#service(environment, 'stop').slice(1));
  }

  #at(...names: string[]): string {
    return join(this.#folder, ...names);
  }

  /** What releases share is made once, by the operator. */
  async #layOut(environment: Environment): Promise<void> {
    await mkdir(this.#at(environment, 'shared/data'), { recursive: true });
    const config = { port: this.#ports[environment] };
    await writeFile(this.#at(environment, 'shared/config.json'), JSON.stringify(config));
  }

  #place(environment: Environment): object {
    const root = this.#at(environment);
    const [start, stop, status] = (['start', 'stop', 'status'] as const).map((verb) =>
      this.#service(environment, verb),
    );
    const programs = { start, stop, status, writes: [join(root, 'shared')], network: true };
    return {
      root,
      service: { supervisor: 'command', name: `web-${environment}`, ...programs },
      checks: [{ type: 'http', service: 'web', url: this.url(environment, '/up'), attempts: 10, interval_ms: 200 }],
      watch: { for_ms: 1_000, every_ms: 200 },
    };
  }

  #service(environment: Environment, verb: string): string[] {
    return [process.execPath, join(EXAMPLE, 'service.mjs'), this.#at(environment), verb];
  }

  async #git(...argv: string[]): Promise<string> {
    return (await execa('git', argv, { cwd: this.#at('source'), env: OWN_GIT })).stdout;
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
