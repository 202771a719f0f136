import { describe, expect, it } from 'vitest';
import { containerSupervisor } from '../../../src/adapters/supervisors/container.ts';
import type { Container } from '../../../src/services/containers.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';

const WEB = { supervisor: 'container' as const, name: 'web' };
const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };
const RUNS = { state: 'running', enabled: false } as const;
const STOPPED = { state: 'stopped', enabled: false } as const;

/** A host on which `web` is so. */
function setUp(more: Partial<Container> = {}) {
  const engine = new MemoryEngine();
  engine.add(more);
  return { engine, supervisor: containerSupervisor({ containers: engine }) };
}

describe('a container', () => {
  it.each([
    ['running', 'running'],
    ['exited', 'stopped'],
    ['created', 'stopped'],
    ['paused', 'unknown'],
    ['restarting', 'unknown'],
    ['removing', 'unknown'],
    ['dead', 'unknown'],
    ['', 'running'],
    ['constructor', 'unknown'],
  ])('that is %j in the words of its engine is %s', async (status, state) => {
    expect(await setUp({ status }).supervisor.look(WEB)).toMatchObject({ state });
  });

  it('is absent where there is none, and unknown where the engine does not answer', async () => {
    const { engine, supervisor } = setUp({ name: 'other' });
    expect(await supervisor.look(WEB)).toEqual({ state: 'absent' });
    engine.find = () => Promise.reject(new Error('no answer in 30 s'));
    expect(await supervisor.look(WEB)).toEqual({ state: 'unknown', says: 'no answer in 30 s' });
    expect(await supervisor.definitionOf(WEB)).toBeNull();
  });

  it('is unknown while an order to it is under way, which outlives a daemon', async () => {
    const { engine, supervisor } = setUp();
    engine.pending = () => undefined;
    expect(await supervisor.look(WEB)).toMatchObject({ state: 'unknown' });
    expect(await supervisor.look(WEB)).toMatchObject({ state: 'running' });
  });

  it('is another service where it is another container, and another run where it was started anew', async () => {
    const { engine, supervisor } = setUp({ startedAt: 'monday' });
    const first = await supervisor.look(WEB);
    await supervisor.restart(WEB, context);
    const again = await supervisor.look(WEB);
    expect(again).toMatchObject({ state: 'running', definition: (first as { definition: string }).definition });
    expect((again as { run: string }).run).not.toBe((first as { run: string }).run);
    await engine.remove(engine.containers[0]?.id ?? '');
    engine.add();
    expect(await supervisor.look(WEB)).not.toMatchObject({ definition: (first as { definition: string }).definition });
  });

  it('is started, stopped and restarted by one order each', async () => {
    const { engine, supervisor } = setUp();
    await supervisor.bring(WEB, STOPPED, context);
    expect(await supervisor.look(WEB)).toMatchObject({ state: 'stopped' });
    await supervisor.bring(WEB, RUNS, context);
    await supervisor.restart(WEB, context);
    expect(engine.orders).toEqual(['stop web', 'start web', 'restart web']);
  });

  it('that removes itself when it ends gets no orders', async () => {
    const { engine, supervisor } = setUp({ removesItself: true });
    await expect(supervisor.bring(WEB, STOPPED, context)).rejects.toThrow('--rm');
    await expect(supervisor.restart(WEB, context)).rejects.toThrow('--rm');
    expect(engine.orders).toEqual([]);
  });

  it('is neither made nor removed as a service', async () => {
    const { engine, supervisor } = setUp();
    await expect(supervisor.install(WEB, '', RUNS, context)).rejects.toThrow('config.container.run');
    await expect(supervisor.remove(WEB, context)).rejects.toThrow('config.container.run');
    expect(engine.orders).toEqual([]);
  });
});
