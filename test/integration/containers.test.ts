import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Task } from '../../src/contract/task.ts';
import { condemn } from '../fuzz/death.ts';
import { HAS_PODMAN, RealPodman } from '../support/real-podman.ts';
import { TestHome } from './test-home.ts';

const POLICY = `allow:
  - actions: [config.container.run, config.container.stop, config.container.remove]
    environments: [staging]
    hosts: [mini-1]
    containers: [web]
    images: ["IMAGE"]
    secrets: [file/word]
    network: true
  - actions: [config.container.prune, config.service.start, config.service.stop, config.service.restart]
    environments: [staging]
    hosts: [mini-1]
    services: [container/web, container/other]
    containers: [web]
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** Each order to podman starts a program or two; on a machine at work that is half a second. */
describe.skipIf(!HAS_PODMAN)('containers of a real podman', { timeout: 60_000 }, () => {
  let podman: RealPodman;
  let test: TestHome;
  let port = 0;
  let tasks = 0;
  beforeAll(async () => {
    podman = await RealPodman.make();
    test = await TestHome.make(podman.env, { mortal: true });
    writeFileSync(test.home.etc.policy, POLICY.replace('IMAGE', podman.image));
    appendFileSync(test.home.etc.ops, 'pass_environment: [CONTAINERS_CONF, CONTAINERS_STORAGE_CONF]\n');
    port = await freePort();
    await test.start();
  });
  afterAll(async () => {
    await test[Symbol.asyncDispose]();
    await podman[Symbol.asyncDispose]();
  });
  afterEach(() => podman.clear());

  const says = async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => null))?.text();
  const idOf = (name: string) => podman.podman('inspect', '--format', '{{.Id}}', name);

  /** A web server that says this word. */
  const web = (word: string, more: object = {}) => ({
    name: 'web',
    image: podman.image,
    network: 'host',
    env: { PORT: String(port), WORD: word },
    health: ['/bin/wget', '-q', '-O', '/dev/null', `http://127.0.0.1:${port}/`],
    ready_within_ms: 10_000,
    ...more,
  });

  function taskOf(verb: string, input: object, more: { irreversible?: true } = {}): Task {
    return taskWith({ action: `config.container.${verb}`, with: { ...input }, ...more });
  }

  function serviceTask(verb: string, name = 'web'): Task {
    return taskWith({ action: `config.service.${verb}`, with: { service: { supervisor: 'container', name } } });
  }

  function taskWith(action: Parameters<typeof test.task>[1][number]): Task {
    tasks += 1;
    return test.task(`task-${tasks}`, [action], { operation_type: 'config' });
  }

  async function perform(task: Task) {
    await test.submit(task);
    const { evidence, ops_output } = await test.report(task.task_id, 1, 30_000);
    return { outcome: evidence.outcome, ops_output };
  }

  async function undo(work: Task) {
    const task = { ...test.undo(`undo-${work.task_id}`, work), operation_type: 'config' as const };
    await test.submit(task, ['manager']);
    const { evidence, ops_output } = await test.report(task.task_id, 1, 30_000);
    return { outcome: evidence.outcome, ops_output };
  }

  it('run, one in the place of the other, and are brought back', async () => {
    const first = taskOf('run', web('first'));
    expect(await perform(first)).toMatchObject({ outcome: 'completed' });
    expect(await says()).toBe('first\n');
    const id = await idOf('web');

    const second = taskOf('run', web('second'));
    const { ops_output } = await perform(second);
    expect(ops_output.health_checks).toMatchObject([{ service: 'web', status: 'healthy' }]);
    expect(await says()).toBe('second\n');
    expect(await podman.containers()).toEqual(['web running', `web.before-${second.task_id} exited`]);

    expect(await undo(second)).toMatchObject({ outcome: 'completed' });
    expect(await says()).toBe('first\n');
    expect(await idOf('web')).toBe(id);
    expect(await undo(first)).toMatchObject({ outcome: 'completed' });
    expect(await podman.containers()).toEqual([]);
  });

  it('that do not get well leave the one before in its place, which serves', async () => {
    await perform(taskOf('run', web('first')));
    const id = await idOf('web');
    const { outcome, ops_output } = await perform(taskOf('run', web('second', { command: ['/bin/false'] })));
    expect(outcome).toBe('failed');
    expect(ops_output.blockers).toMatchObject([{ message: expect.stringMatching(/it ended.*The one before is back/) }]);
    const never = web('second', { health: ['/bin/false'], ready_within_ms: 1_000 });
    expect(await perform(taskOf('run', never))).toMatchObject({ outcome: 'failed' });
    await vi.waitFor(async () => expect(await says()).toBe('first\n'));
    expect(await idOf('web')).toBe(id);
    expect(await podman.containers()).toEqual(['web running']);
  });

  it('are stopped, removed, and come back as they were', async () => {
    await perform(taskOf('run', web('first')));
    const id = await idOf('web');
    for (const verb of ['stop', 'remove']) {
      const task = taskOf(verb, { name: 'web' });
      expect(await perform(task)).toMatchObject({ outcome: 'completed' });
      expect(await says()).toBeUndefined();
      expect(await undo(task)).toMatchObject({ outcome: 'completed' });
      await vi.waitFor(async () => expect(await says()).toBe('first\n'));
      expect(await idOf('web')).toBe(id);
    }
  });

  it('get secrets, which nobody finds elsewhere', async () => {
    mkdirSync(test.home.etc.secrets, { mode: 0o700 });
    writeFileSync(join(test.home.etc.secrets, 'word'), 'correct horse battery\n', { mode: 0o600 });
    const task = taskOf('run', web('first', { env: { PORT: String(port), WORD: 'secret:file/word' } }));
    const { ops_output } = await perform(task);
    expect(await says()).toBe('correct horse battery\n');
    const told = [ops_output, await test.ops('tasks', '--json'), await test.ops('logs')];
    expect(JSON.stringify(told)).not.toContain('correct horse');
  });

  it('are touched only where policy allows all that they need', async () => {
    const { outcome, ops_output } = await perform(taskOf('run', { ...web('first'), name: 'other' }));
    expect(outcome).toBe('refused');
    expect(ops_output.blockers[0]?.message).toContain('container:other');
    expect(await podman.containers()).toEqual([]);
  });

  it('are stopped and restarted as services, each once, and taken back', async () => {
    await perform(taskOf('run', web('first')));
    const runOf = () => podman.podman('inspect', '--format', '{{.Id}} {{.State.StartedAt}}', 'web');
    const first = await runOf();
    const restart = serviceTask('restart');
    const { ops_output } = await perform(restart);
    expect(ops_output.health_checks).toMatchObject([{ service: 'container/web', status: 'healthy' }]);
    const second = await runOf();
    expect([second.split(' ')[0], second === first]).toEqual([first.split(' ')[0], false]);

    const stop = serviceTask('stop');
    expect(await perform(stop)).toMatchObject({ outcome: 'completed' });
    expect(await podman.containers()).toEqual(['web exited']);
    expect(await undo(stop)).toMatchObject({ outcome: 'completed' });
    await vi.waitFor(async () => expect(await says()).toBe('first\n'));
  });

  it('are touched as services only where policy allows the container, too', async () => {
    const { outcome, ops_output } = await perform(serviceTask('start', 'other'));
    expect([outcome, ops_output.blockers[0]?.message]).toEqual(['refused', expect.stringContaining('container:other')]);
  });

  it('that are kept are pruned, and what they were kept for cannot be undone any more', async () => {
    await perform(taskOf('run', web('first')));
    const second = taskOf('run', web('second'));
    await perform(second);
    const third = taskOf('run', web('third'));
    await perform(third);
    const prune = (older: object) => taskOf('prune', { name: 'web', ...older }, { irreversible: true });
    const idle = prune({});
    writeFileSync(test.path('idle.json'), JSON.stringify(idle));
    expect((await test.ops('preview', test.path('idle.json'))).stdout).toMatch(
      /container:web\n\nThere is nothing to do\.$/,
    );
    expect(await perform(idle)).toMatchObject({ outcome: 'completed', ops_output: { actions_taken: [] } });
    expect(await podman.containers()).toHaveLength(3);

    const all = prune({ older_than_days: 0 });
    expect(await perform(all)).toMatchObject({ outcome: 'completed' });
    expect(await podman.containers()).toEqual(['web running']);
    const { outcome, ops_output } = await undo(third);
    const [blocker] = ops_output.blockers;
    expect([outcome, blocker?.code]).toEqual(['failed', 'changed-since']);
    expect(blocker?.message).toMatch(
      /was web before, is gone: config\.container\.prune removed it.*Nothing was undone/,
    );
    expect(await undo(all)).toMatchObject({ outcome: 'refused' });
    expect(await podman.containers()).toEqual(['web running']);
    expect(await says()).toBe('third\n');
  });

  it('that are kept are pruned to the end where the daemon dies in the middle', async () => {
    for (const word of ['first', 'second', 'third']) await perform(taskOf('run', web(word)));
    const prune = taskOf('prune', { name: 'web', older_than_days: 0 }, { irreversible: true });
    condemn(test.root, { at: 'done', hit: 1, victims: ['daemon'] });
    await test.submit({ ...prune, on_interrupt: 'resume' });
    await test.died();
    expect(await podman.containers()).toHaveLength(2);
    await test.start();
    const { evidence } = await test.report(prune.task_id, 1, 30_000);
    expect(evidence).toMatchObject({ outcome: 'completed', steps: [{ undo: 'irreversible' }, { outcome: 'applied' }] });
    expect(await podman.containers()).toEqual(['web running']);
  });

  it('are as before where the daemon dies in the middle', async () => {
    await perform(taskOf('run', web('first')));
    const id = await idOf('web');
    const never = taskOf('run', web('second', { health: ['/bin/false'], ready_within_ms: 60_000 }));
    await test.submit(never);
    await vi.waitFor(async () => expect(await says()).toBe('second\n'), { timeout: 10_000 });
    await test.kill();
    await test.passStall();
    await test.start();
    const { evidence } = await test.report(never.task_id, 1, 30_000);
    expect(evidence.outcome).toBe('interrupted');
    expect(await says()).toBe('first\n');
    expect(await idOf('web')).toBe(id);
  });
});
