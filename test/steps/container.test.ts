import { describe, expect, it } from 'vitest';
import type { ContainerGoal, Readiness } from '../../src/planning/container.ts';
import { type ContainerSpec, specDigest } from '../../src/planning/container.ts';
import { type ContainerFact, containerFact } from '../../src/planning/facts.ts';
import type { ContainerStep } from '../../src/planning/step.ts';
import type { Container } from '../../src/services/containers.ts';
import type { Clock, Prober } from '../../src/services/ports.ts';
import { containerKind } from '../../src/steps/container.ts';
import { MemoryEngine } from '../support/memory-engine.ts';

const spec: ContainerSpec = { name: 'web', image: 'new', ports: [{ host: 8080, container: 80 }] };
const ready: Readiness = { command: ['/bin/healthy'], check: null, withinMs: 2_000 };
const running: ContainerGoal = { state: 'running', spec, ready };
/** Time passes only where somebody waits. */
class JumpingClock implements Clock {
  #now = 0;
  onWait: () => void = () => undefined;
  now = (): number => this.#now;
  monotonic = (): number => this.#now;
  wait = async (ms: number): Promise<void> => {
    this.#now += ms;
    this.onWait();
  };
}

const aborted = (): AbortSignal => AbortSignal.abort();
const contextOf = (work = 'task-1', signal = new AbortController().signal) => ({
  task_id: work,
  work,
  n: 1,
  signal,
  output: async () => undefined,
});

/** A host on which `web` runs the image `old` on port 8080, unless told otherwise. */
function setUp(before: Partial<Container> | null = {}) {
  const engine = new MemoryEngine();
  const old = before && engine.add({ hostPorts: [8080], ...before });
  const health: { status: 'healthy' | 'down' } = { status: 'healthy' };
  const prober: Prober = {
    look: async ({ service }) => ({ service, endpoint: 'there', detail: 'seen', ...health }),
  };
  const fetched: string[] = [];
  const secrets = {
    fetch: async (ref: string) => {
      fetched.push(ref);
      return 'the value';
    },
  };
  const clock = new JumpingClock();
  const kind = containerKind({ containers: engine, secrets, prober, clock });
  const stepFor = async (goal: ContainerGoal = running): Promise<ContainerStep> => ({
    kind: 'container',
    target: 'container/web',
    title: 'run the container web',
    name: 'web',
    goal,
    before: containerFact(await engine.find('web')),
  });
  return { engine, old, kind, stepFor, health, fetched, clock };
}

/** Captures and applies, as the step runner does. */
async function appliedTo({ kind, stepFor }: ReturnType<typeof setUp>, goal?: ContainerGoal) {
  const step = await stepFor(goal);
  const captured = await kind.capture(step);
  const effect = await kind.apply(step, contextOf());
  return { step, captured, effect, undo: () => kind.undo(step, captured, contextOf()) };
}

describe('a container that runs in the place of another', () => {
  it('is there once it is well, and the one before is kept', async () => {
    const host = setUp();
    const { effect, undo } = await appliedTo(host);
    expect(effect).toMatchObject({ outcome: 'applied', health: [{ service: 'web', status: 'healthy' }] });
    expect(host.engine.seen).toEqual(['web new runs', 'web.before-task-1 old']);
    expect(await undo()).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(host.engine.seen).toEqual(['web old runs']);
    expect(host.engine.containers[0]?.id).toBe(host.old?.id);
  });

  it.each([
    ['a port that is theirs both', {}, spec, ['stop web.before-task-1', 'start web']],
    ['the network of the host', { hostPorts: [], network: 'host' }, spec, ['stop web.before-task-1', 'start web']],
    ['another port', { hostPorts: [9090] }, spec, ['start web', 'stop web.before-task-1']],
  ])('with %s is started before the other ends only where both may run', async (_, before, own, order) => {
    const host = setUp(before);
    await appliedTo(host, { state: 'running', spec: own, ready });
    expect(host.engine.orders).toEqual(['rename web', 'create web', ...order]);
  });

  it('waits for its health command and its check', async () => {
    const host = setUp();
    host.engine.failures.set('new', 'exit code 1');
    host.health.status = 'down';
    const check = { type: 'http', service: 'shop', url: 'http://127.0.0.1:8080/' } as const;
    host.clock.onWait = () => {
      if (host.engine.failures.get('new')) host.engine.failures.set('new', null);
      else host.health.status = 'healthy';
    };
    const { effect } = await appliedTo(host, { state: 'running', spec, ready: { ...ready, check } });
    expect(effect.outcome).toBe('applied');
  });

  it('runs for a while where nothing else is known of it', async () => {
    const host = setUp();
    const from = host.clock.monotonic();
    const unknown = { ...ready, command: null };
    const { effect } = await appliedTo(host, { state: 'running', spec, ready: unknown });
    expect(effect).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/not well within 2000 ms/) });
    expect(host.clock.monotonic() - from).toBeGreaterThanOrEqual(2_000);
    const later = await appliedTo(host, { state: 'running', spec, ready: { ...unknown, withinMs: 60_000 } });
    expect(later.effect.outcome).toBe('applied');
  });

  it.each([
    [
      'never gets well',
      (engine: MemoryEngine) => engine.failures.set('new', 'exit code 1'),
      /not well within 2000 ms: exit/,
    ],
    ['ends', (engine: MemoryEngine) => engine.mortal.add('new'), /ended with exit code 3/],
  ])('gives its place back where it %s', async (_, harm, why) => {
    const host = setUp();
    harm(host.engine);
    const { effect } = await appliedTo(host);
    expect(effect).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(why),
      health: [{ status: 'healthy' }],
    });
    expect(effect.message).toMatch(/The one before is back$/);
    expect(host.engine.seen).toEqual(['web old runs']);
  });

  it('is gone where there was none, and it does not get well', async () => {
    const host = setUp(null);
    host.engine.mortal.add('new');
    const { effect } = await appliedTo(host);
    expect(effect.message).toMatch(/Nothing is left of it$/);
    expect(host.engine.seen).toEqual([]);
  });

  it('gives its place back where the task is broken off', async () => {
    const host = setUp();
    host.engine.failures.set('new', 'exit code 1');
    const step = await host.stepFor();
    const effect = await host.kind.apply(step, contextOf('task-1', aborted()));
    expect(effect).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/broken off/) });
    expect(host.engine.seen).toEqual(['web old runs']);
  });

  it('is not made again where it is already so', async () => {
    const host = setUp({ spec: specDigest(spec) });
    const { effect, undo } = await appliedTo(host);
    expect(effect).toMatchObject({ outcome: 'applied', message: 'was already so' });
    await undo();
    expect(host.engine.orders).toEqual([]);
  });

  it('is started where it is already so, but does not run; its undo stops it', async () => {
    const host = setUp({ spec: specDigest(spec), running: false });
    const { undo } = await appliedTo(host);
    expect(host.engine.seen).toEqual(['web old runs']);
    await undo();
    expect(host.engine.seen).toEqual(['web old']);
  });

  it('gets the values of its secrets, which stand in no step', async () => {
    const host = setUp(null);
    const env = { A: 'plain', B: 'secret:file/b' };
    const { step } = await appliedTo(host, { state: 'running', spec: { ...spec, env }, ready });
    expect(host.engine.env).toEqual({ A: 'plain', B: 'the value' });
    expect(JSON.stringify(step)).not.toContain('the value');
    expect(host.fetched).toEqual(['secret:file/b']);
  });

  it('touches nothing where it cannot be, or could not be taken back', async () => {
    for (const before of [{ restart: 'always' }, { removesItself: true }]) {
      const host = setUp(before);
      expect((await appliedTo(host)).effect).toMatchObject({ outcome: 'refused', code: 'not-undoable' });
      expect(host.engine.orders).toEqual([]);
    }
    const host = setUp();
    host.engine.obstacle = 'needs an image';
    expect((await appliedTo(host)).effect).toMatchObject({ outcome: 'refused', message: 'web needs an image' });
  });

  it('touches nothing where the container is another than when the plan was made', async () => {
    const host = setUp();
    const step = await host.stepFor();
    const late = await host.kind.apply({ ...step, before: { exists: false } }, contextOf());
    expect(late).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    const stop = await host.stepFor({ state: 'stopped' });
    for (const container of host.engine.containers) container.running = false;
    expect(await host.kind.apply(stop, contextOf())).toMatchObject({ code: 'changed-since-plan' });
    expect(host.engine.orders).toEqual([]);
  });
});

describe('a container that is stopped or removed', () => {
  it.each([
    ['stopped', ['web old']],
    ['absent', ['web.before-task-1 old']],
  ] as const)('is %s, and comes back', async (state, seen) => {
    const host = setUp();
    const { effect, undo, step } = await appliedTo(host, { state });
    expect(effect).toMatchObject({ outcome: 'applied', health: [{ status: 'healthy' }] });
    expect(effect.left).toEqual(await host.kind.observe(step));
    expect(host.engine.seen).toEqual(seen);
    expect((await undo()).outcome).toBe('applied');
    expect(host.engine.seen).toEqual(['web old runs']);
  });

  it('that did not run does not run after the undo', async () => {
    const host = setUp({ running: false });
    const { undo } = await appliedTo(host, { state: 'absent' });
    await undo();
    expect(host.engine.seen).toEqual(['web old']);
  });
});

describe('an undo', () => {
  it('takes nothing away where what was kept is gone', async () => {
    const host = setUp();
    const { undo } = await appliedTo(host);
    await host.engine.remove(host.old?.id ?? '');
    expect(await undo()).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/that was web is gone/) });
    expect(host.engine.seen).toEqual(['web new runs']);
  });

  it('leaves alone what another task made', async () => {
    const host = setUp();
    const { undo } = await appliedTo(host);
    for (const container of host.engine.containers) if (container.name === 'web') container.task = 'task-2';
    expect(await undo()).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/another container now/) });
  });

  it('is not kept off by a container that ended by itself since', async () => {
    const host = setUp();
    const { effect, step } = await appliedTo(host);
    for (const container of host.engine.containers) container.running = false;
    expect(await host.kind.observe(step)).toEqual(effect.left);
  });
});

const gone = async (host: ReturnType<typeof setUp>): Promise<ContainerStep> => ({
  ...(await host.stepFor({ state: 'gone' })),
  name: 'web.before-task-0',
  before: containerFact(await host.engine.find('web.before-task-0')),
});
const keeping = (before: Partial<Container> = {}) => setUp({ name: 'web.before-task-0', running: false, ...before });

describe('what was kept', () => {
  it('is removed for good, and nothing brings it back', async () => {
    const host = keeping();
    const step = await gone(host);
    const captured = await host.kind.capture(step);
    const effect = await host.kind.apply(step, contextOf());
    expect(effect).toMatchObject({ outcome: 'applied', message: 'removed for good', health: [{ status: 'healthy' }] });
    expect(effect.left).toEqual(await host.kind.observe(step));
    expect(host.engine.seen).toEqual([]);
    expect(await host.kind.undo(step, captured, contextOf())).toMatchObject({ code: 'irreversible' });
  });

  it('stays where it runs, or is another one now', async () => {
    const host = keeping({ running: true });
    const step = await gone(host);
    expect(await host.kind.apply(step, contextOf())).toMatchObject({ outcome: 'refused', code: 'not-possible' });
    const other = { ...step, before: { ...step.before, id: 'another' } } as ContainerStep;
    expect(await host.kind.apply(other, contextOf())).toMatchObject({ code: 'changed-since-plan' });
    expect(host.engine.orders).toEqual([]);
  });

  it('is missed by the step that kept it before anything of that is undone', async () => {
    const host = setUp();
    const { step, undo } = await appliedTo(host);
    await host.engine.remove(host.old?.id ?? '');
    await expect(host.kind.observe(step)).rejects.toThrow(/which was web before, is gone: config\.container\.prune/);
    expect((await undo()).outcome).toBe('failed');
    expect(host.engine.seen).toEqual(['web new runs']);
  });

  it.each([
    [true, 'done', []],
    [false, 'not-done', ['web.before-task-0 old']],
  ])('is known to be gone or not where the daemon died (done: %j)', async (done, answer, seen) => {
    const host = keeping();
    const step = await gone(host);
    const captured = await host.kind.capture(step);
    host.engine.fault = { at: 1, done, deadly: true };
    await host.kind.apply(step, contextOf()).catch(() => undefined);
    host.engine.revive();
    expect(await host.kind.reconcile(step, captured, contextOf())).toBe(answer);
    expect(host.engine.seen).toEqual(seen);
  });

  it('that the engine does not remove is still there', async () => {
    const host = keeping();
    host.engine.fault = { at: 1, done: false, deadly: false };
    expect(await host.kind.apply(await gone(host), contextOf())).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(/out of order/),
    });
    expect(host.engine.seen).toEqual(['web.before-task-0 old']);
  });
});

/** Every moment at which the daemon can die, or the engine fail, in the course of such a change. */
const MOMENTS = (['running', 'stopped', 'absent'] as const).flatMap((state) =>
  [1, 2, 3, 4].flatMap((at) => [false, true].map((done) => ({ state, at, done }))),
);
const THROUGH = {
  running: ['web new runs', 'web.before-task-1 old'],
  stopped: ['web old'],
  absent: ['web.before-task-1 old'],
};
const goalOf = (state: ContainerGoal['state']): ContainerGoal => (state === 'running' ? running : { state });

describe('a change that is cut off', () => {
  it.each(MOMENTS)(
    'by the engine at order $at (done: $done) to $state leaves the one before',
    async ({ state, at, done }) => {
      const host = setUp();
      host.engine.fault = { at, done, deadly: false };
      const { effect } = await appliedTo(host, goalOf(state));
      if (host.engine.orders.length < at) return;
      expect(effect).toMatchObject({ outcome: 'failed', message: expect.stringMatching(/out of order/) });
      expect(host.engine.seen).toEqual(['web old runs']);
      expect(host.engine.containers[0]?.id).toBe(host.old?.id);
    },
  );

  it.each(MOMENTS)(
    'by the death of the daemon at order $at (done: $done) to $state is through or taken back',
    async ({ state, at, done }) => {
      const host = setUp();
      const step = await host.stepFor(goalOf(state));
      const captured = (await host.kind.capture(step)) as ContainerFact;
      host.engine.fault = { at, done, deadly: true };
      await host.kind.apply(step, contextOf()).catch(() => undefined);
      const half = host.engine.seen;
      host.engine.revive();
      const answer = await host.kind.reconcile(step, captured, contextOf());
      const through = THROUGH[state];
      // Whether anything was left to do is seen by how it stood.
      expect(answer).toBe(half.join() === through.join() ? 'done' : 'not-done');
      expect(host.engine.seen).toEqual(answer === 'done' ? through : ['web old runs']);
    },
  );

  it('waits for what the dead daemon had ordered', async () => {
    const host = setUp();
    const step = await host.stepFor({ state: 'stopped' });
    const captured = await host.kind.capture(step);
    host.engine.pending = () => {
      for (const container of host.engine.containers) container.running = false;
    };
    expect(await host.kind.reconcile(step, captured, contextOf())).toBe('done');
  });
});
