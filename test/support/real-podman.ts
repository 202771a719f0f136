import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { registryOf } from './registry.ts';

/** There is none on macOS: a virtual machine would have to run there. */
export const HAS_PODMAN = process.platform === 'linux';

/** As a machine without systemd, and one that is itself a container, needs it. */
const CONF = `[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** Answers on `$PORT`, if there is one, with `$WORD`, and ends when it is asked to. Busybox as a process 1 would not. */
const SERVER = `#!/bin/sh
trap 'exit 0' TERM
mkdir -p /tmp/www && echo "$WORD" >/tmp/www/index.html
[ -n "$PORT" ] && httpd -f -p 127.0.0.1:$PORT -h /tmp/www &
while :; do sleep 0.1; done
`;

/** A podman with its storage in a temporary folder, and an image of a small web server. Ends what runs in it. */
export class RealPodman implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'ops-podman-'));
  readonly env: Record<string, string>;
  /** A program that asks it, whatever its environment is. */
  readonly program = join(this.root, 'podman');
  /** The image by its id. */
  image = '';

  static async make(): Promise<RealPodman> {
    const podman = new RealPodman();
    podman.image = `sha256:${await podman.#import()}`;
    return podman;
  }

  private constructor() {
    writeFileSync(join(this.root, 'containers.conf'), CONF);
    const storage = ['graph', 'run'].map((name) => `${name}root = "${join(this.root, name)}"`);
    writeFileSync(join(this.root, 'storage.conf'), ['[storage]', 'driver = "vfs"', ...storage].join('\n'));
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: this.root,
      CONTAINERS_CONF: join(this.root, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: join(this.root, 'storage.conf'),
      CONTAINERS_REGISTRIES_CONF: join(this.root, 'registries.conf'),
    };
    writeFileSync(join(this.root, 'registries.conf'), '');
    this.#writeProgram();
  }

  #writeProgram(): void {
    const variables = Object.entries(this.env).map(([name, value]) => `export ${name}='${value}'`);
    writeFileSync(this.program, ['#!/bin/sh', ...variables, 'exec podman "$@"', ''].join('\n'), { mode: 0o755 });
  }

  async podman(...args: string[]): Promise<string> {
    const { stdout } = await execa('podman', args, { env: this.env, extendEnv: false, stdin: 'ignore' });
    return stdout.trim();
  }

  /** Takes all containers away. */
  async clear(): Promise<void> {
    await this.podman('rm', '--all', '--force', '--time', '0');
  }

  /** Names of all containers with their states, e.g. `web running`. */
  async containers(): Promise<string[]> {
    const ids = (await this.podman('ps', '--all', '--quiet')).split('\n').filter(Boolean);
    const format = ['--format', '{{.Name}} {{.State.Status}}'];
    const rows = ids.length > 0 ? await this.podman('container', 'inspect', ...format, ...ids) : '';
    return rows.split('\n').filter(Boolean).toSorted();
  }

  /** A registry that has another image, by the name under which it can be pulled. */
  async registry(): Promise<AsyncDisposable & { image: string }> {
    const folder = join(this.root, 'registry');
    const other = ['import', '--quiet', '--change', `LABEL other=${Date.now()}`, join(this.root, 'tree.tar')];
    const id = await this.podman(...other);
    rmSync(folder, { recursive: true, force: true });
    await this.podman('save', '--quiet', '--format', 'oci-dir', '--output', folder, id);
    await this.podman('rmi', id);
    const registry = await registryOf(folder);
    const { host, digest } = registry;
    writeFileSync(join(this.root, 'registries.conf'), `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    return { image: `${host}/shop/web@${digest}`, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    rmSync(this.root, { recursive: true, force: true });
  }

  async #import(): Promise<string> {
    const tree = join(this.root, 'tree');
    mkdirSync(join(tree, 'bin'), { recursive: true });
    mkdirSync(join(tree, 'tmp'));
    cpSync(BUSYBOX, join(tree, 'bin/busybox'));
    for (const name of ['sh', 'mkdir', 'httpd', 'sleep', 'wget', 'env', 'true', 'false'])
      symlinkSync('busybox', join(tree, 'bin', name));
    writeFileSync(join(tree, 'bin/server'), SERVER, { mode: 0o755 });
    writeFileSync(join(tree, 'bin/healthy'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    await execa('tar', ['-C', tree, '-c', '-f', join(this.root, 'tree.tar'), '.']);
    await this.podman(
      'import',
      '--quiet',
      '--change',
      'CMD ["/bin/server"]',
      join(this.root, 'tree.tar'),
      'local/web:1',
    );
    return this.podman('image', 'inspect', '--format', '{{.Id}}', 'local/web:1');
  }
}

const BUSYBOX = ['/usr/bin/busybox', '/bin/busybox'].find((path) => existsSync(path)) ?? 'busybox';
