import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createArguments } from '../../../src/adapters/containers/arguments.ts';
import { ContainerEngine } from '../../../src/adapters/containers/engine.ts';
import { imageStore } from '../../../src/adapters/containers/images.ts';
import { findEngine } from '../../../src/adapters/containers/program.ts';
import { type ContainerSpec, HERE } from '../../../src/planning/container.ts';
import { temporaryFolder } from '../../services/support.ts';
import { HAS_PODMAN, RealPodman } from '../../support/real-podman.ts';

/** Debian's docker.io is an engine, so nothing installs it for this: where its program is, it asks podman. */
const docker = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'docker'))
  .find((path) => existsSync(path));

const guarded = () => ({ readOnly: [], hidden: [] });

/** A program that answers as told, whatever it is asked. */
function fake(script: string): ContainerEngine {
  const path = join(temporaryFolder(), 'podman');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return new ContainerEngine({ named: path, env: { PATH: '/usr/bin:/bin' }, guarded });
}

/** Podman's service keeps what watched an `exec` for five minutes, for whoever asks how it ended. */
async function endExecs(root: string): Promise<void> {
  const { stdout } = await execa('ps', ['-axww', '-o', 'pid=,args=']);
  const watchers = stdout.split('\n').filter((line) => line.includes('conmon') && line.includes(root));
  for (const line of watchers) process.kill(Number.parseInt(line, 10), 'SIGKILL');
}

describe.skipIf(!HAS_PODMAN)('an engine of containers', () => {
  let real: RealPodman;
  beforeAll(async () => {
    real = await RealPodman.make();
  });
  afterAll(() => real[Symbol.asyncDispose]());
  afterEach(() => real.clear());

  const spec = (more: Partial<ContainerSpec> = {}): ContainerSpec => ({
    name: 'web',
    image: real.image,
    network: 'host',
    command: ['/bin/sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.1; done'],
    ...more,
  });

  const behindEach = [['podman', ''] as const, ...(docker ? [['docker', docker] as const] : [])];
  describe.each(behindEach)('asked through %s', (_, named) => {
    const opened = new AsyncDisposableStack();
    let engine: ContainerEngine;
    beforeAll(async () => {
      const socket = `unix://${join(real.root, 'podman.sock')}`;
      engine = new ContainerEngine({ named: named || null, env: { ...real.env, DOCKER_HOST: socket }, guarded });
      if (named === '') return;
      const service = execa('podman', ['system', 'service', '--time=0', socket], { env: real.env, reject: false });
      opened.defer(async () => {
        service.kill();
        await service;
        await endExecs(real.root);
      });
      await vi.waitFor(() => engine.find('web'), 10_000);
    });
    afterAll(() => opened.disposeAsync());

    it('is made, runs, ends, gets another name and is gone', async () => {
      expect(await engine.find('web')).toBeNull();
      const id = await engine.create(spec(), {}, 'task-1');
      expect(await engine.find('web')).toMatchObject({ id, running: false, task: 'task-1' });
      await engine.start(id);
      expect(await engine.find(id)).toMatchObject({ name: 'web', running: true, restarts: 0, removesItself: false });
      await engine.rename(id, 'web.before-task.2');
      expect(await engine.find('web')).toBeNull();
      expect(await engine.find('web.before-task.2')).toMatchObject({ id });
      await engine.stop(id);
      expect(await engine.find(id)).toMatchObject({ status: 'exited', restart: 'unless-stopped', network: 'host' });
      await engine.remove(id);
      expect(await engine.find(id)).toBeNull();
    });

    it('is in another run once it was restarted, whether it ran or not', async () => {
      const id = await engine.create(spec(), {}, 'task-1');
      expect(await engine.find(id)).toMatchObject({ status: 'created' });
      const starts = [];
      for (let run = 1; run <= 2; run += 1) {
        await engine.restart(id);
        const { status, startedAt } = (await engine.find(id)) ?? {};
        expect(status).toBe('running');
        starts.push(startedAt);
      }
      expect(new Set(starts).size).toBe(2);
    });

    it('is found among what is kept by its name and label', async () => {
      const ids = [];
      for (const name of ['web.before-a', 'web.before-b', 'web', 'other.before-a', 'webXbefore-a', 'aweb.before-a'])
        ids.push(await engine.create(spec({ name }), {}, 'task-1'));
      await real.podman('create', '--name=web.before-c', real.image);
      const kept = await engine.keptOf('web');
      expect(kept.map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted());
      expect(kept[0]).toMatchObject({ task: 'task-1', running: false });
    });

    it('gets its variables, and their values stand in no argv', async () => {
      const env = { A: 'two\nlines # and "more"', HOME: '/data', B: '' };
      const id = await engine.create(spec({ env: { ...env, A: 'secret:file/a' } }), env, 'task-1');
      await engine.start(id);
      expect(await engine.failureOf(id, ['/bin/sh', '-c', '[ "$A" = \'two\nlines # and "more"\' ]'])).toBeNull();
      expect(await engine.failureOf(id, ['/bin/sh', '-c', '[ "$HOME" = /data ] && [ "$B" = "" ]'])).toBeNull();
      expect(createArguments(spec({ env: { A: 'hidden' } }), 'task-1').join(' ')).not.toContain('hidden');
    });

    it('has its mounts, limits and user, and no way to more rights', async () => {
      const folder = join(real.root, 'data');
      mkdirSync(folder, { recursive: true });
      const limits = { user: '1000:1000', read_only: true, memory_mb: 64, cpus: 0.5 } as const;
      const volumes = [{ host: folder, container: '/data', read_only: true as const }];
      const id = await engine.create(spec({ ...limits, volumes }), {}, 'task-1');
      await engine.start(id);
      expect(await engine.failureOf(id, ['/bin/sh', '-c', '[ "$(busybox id -u)" = 1000 ]'])).toBeNull();
      expect(await engine.failureOf(id, ['/bin/sh', '-c', 'echo x >/data/x'])).toMatch(/Read-only file system/);
      expect(await engine.failureOf(id, ['/bin/sh', '-c', 'echo x >/x'])).toMatch(/Read-only file system/);
      expect(
        await engine.failureOf(id, ['/bin/sh', '-c', 'busybox grep -q "NoNewPrivs:.1" /proc/1/status']),
      ).toBeNull();
      expect(await engine.find(id)).toMatchObject({ writes: [] });
    });

    it('says which folders of the host it writes', async () => {
      const folder = join(real.root, 'data');
      mkdirSync(folder, { recursive: true });
      const id = await engine.create(spec({ volumes: [{ host: folder, container: '/data' }] }), {}, 'task-1');
      expect(await engine.find(id)).toMatchObject({ writes: [folder] });
    });

    it('cannot be made without its image', async () => {
      expect(await engine.obstacleTo(spec())).toBeNull();
      for (const repository of ['', 'localhost/no/such@']) {
        const image = `${repository}sha256:${'0'.repeat(64)}`;
        expect(await engine.obstacleTo(spec({ image }))).toMatch(/is not here: pull it first/);
      }
    });

    it('says why it could not', async () => {
      await engine.create(spec(), {}, 'task-1');
      await expect(engine.create(spec(), {}, 'task-1')).rejects.toThrow(/: .*in use/);
      const missing = spec({ name: 'b', image: `sha256:${'0'.repeat(64)}` });
      await expect(engine.create(missing, {}, 'task-1')).rejects.toThrow(/create: /);
      const noProgram = await engine.create(spec({ name: 'c', command: ['/bin/nope'] }), {}, 'task-1');
      await expect(engine.start(noProgram)).rejects.toThrow(/nope/);
      const running = await engine.create(spec({ name: 'd' }), {}, 'task-1');
      await engine.start(running);
      expect(await engine.failureOf(running, ['/bin/nope'])).toMatch(/^exit code 12[67]/);
      expect(await engine.failureOf(running, ['/bin/sh', '-c', 'kill -9 $$'])).toMatch(/^exit code 137/);
    });
  });

  it('fetches an image by its digest, and removes it only where no container stands on it', async () => {
    const engine = new ContainerEngine({ named: null, env: real.env, guarded });
    const store = imageStore(engine);
    await using registry = await real.registry();
    const { image } = registry;
    expect(await store.look(image)).toEqual({ value: null });
    await expect(engine.pull(image.replace(/.{8}$/, '00000000'))).rejects.toThrow(/pull: /);
    await store.set(image, HERE);
    expect(await store.look(image)).toEqual({ value: HERE });
    const id = await engine.create(spec({ image }), {}, 'task-1');
    await expect(store.set(image, null)).rejects.toThrow(/rmi: .*in use/);
    await engine.remove(id);
    await store.set(image, null);
    expect(await store.look(image)).toEqual({ value: null });
  });

  it('tells of an order that is still under way', async () => {
    const engine = new ContainerEngine({ named: null, env: real.env, guarded });
    const slow = ['/bin/sh', '-c', 'trap "sleep 2; exit" TERM; while :; do sleep 0.1; done'];
    const id = await engine.create(spec({ command: slow }), {}, 'task-1');
    await engine.start(id);
    expect(await engine.isUnderWay('web', [id])).toBe(false);
    const stopped = engine.stop(id);
    await vi.waitFor(async () => expect(await engine.isUnderWay('web', [id])).toBe(true));
    expect(await engine.isUnderWay('web', [])).toBe(false);
    await stopped;
    // Podman tidies up after it a little longer.
    await vi.waitFor(async () => expect(await engine.isUnderWay('web', [id])).toBe(false));
  });
});

describe('an engine that does not answer as known', () => {
  it('is not there', async () => {
    await expect(findEngine('/nowhere/podman', {})).rejects.toThrow(
      /container_engine in ops.yaml names \/nowhere\/podman/,
    );
  });

  it.each([
    ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?', 1],
    ['Error: unable to connect to Podman socket: Get "http://d/v4.3.1/libpod/_ping": connect: no such file', 125],
  ])('is down: %s', async (text, exitCode) => {
    const engine = fake(`echo '${text}' >&2; exit ${exitCode}`);
    await expect(engine.find('web')).rejects.toThrow(/cannot be reached: .*\n {2}what to do: start it/);
  });

  it.each([
    ['text', 'echo hello', /list of containers .* not as known/],
    ['a list, then no JSON', `case $1 in ps) echo ${'a'.repeat(64)};; *) echo '[{';; esac`, /a container is no JSON/],
    ['a list, then another form', `case $1 in ps) echo ${'a'.repeat(64)};; *) echo '[{}]';; esac`, /not as known/],
    ['nothing, and a code', 'echo boom >&2; exit 125', /the engine refused \(125\): boom/],
    ['nothing, killed', 'exit 137', /it was killed/],
    ['nothing, by a signal', 'kill -9 $$', /did not end by itself/],
  ])('says %s', async (_, script, message) => {
    await expect(fake(script).find('web')).rejects.toThrow(message);
  });
});

it("T37: a container's variables that load code are the container's alone, not the engine's own", async () => {
  const path = join(temporaryFolder(), 'environment');
  const engine = fake(`env > ${path}; echo "$@" >> ${path}; echo ${'a'.repeat(64)}`);
  const env = { PORT: '80', BASH_ENV: '/srv/evil', LD_PRELOAD: '/srv/evil.so', NODE_OPTIONS: '-r /srv/evil.js' };
  await engine.create({ name: 'web', image: `sha256:${'a'.repeat(64)}`, env }, env, 'task-1');
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines).toContain('PORT=80');
  expect(lines.filter((line) => /^(?:BASH_ENV|LD_PRELOAD|NODE_OPTIONS)=/.test(line))).toEqual([]);
  expect(lines.at(-2)).toMatch(/--env=PORT --env=BASH_ENV=\/srv\/evil --env=LD_PRELOAD=/);
});

it('listens on the host itself only, unless told', () => {
  const ports = [
    { host: 8080, container: 80 },
    { host: 53, container: 53, protocol: 'udp' as const, address: '::1' },
  ];
  const args = createArguments({ name: 'web', image: `sha256:${'a'.repeat(64)}`, ports }, 'task-1');
  expect(args.filter((word) => word.startsWith('--publish'))).toEqual([
    '--publish=127.0.0.1:8080:80/tcp',
    '--publish=[::1]:53:53/udp',
  ]);
});
