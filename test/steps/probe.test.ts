import { describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../src/contract/ops-output.ts';
import type { Probe } from '../../src/planning/probe.ts';
import type { ProbeStep } from '../../src/planning/step.ts';
import { probeKind } from '../../src/steps/probe.ts';
import { START, TestClock } from '../services/support.ts';

type Status = HealthCheck['status'];

const step = (more: Partial<Probe> = {}): ProbeStep => ({
  kind: 'probe',
  target: 'web',
  title: 'check web',
  probe: { type: 'http', service: 'web', url: 'http://127.0.0.1/up', ...more } as Probe,
});

/** A probe whose looks find one status after the other, the last one for ever. */
function setUp(...found: Status[]) {
  return setUpWith(() => ({}), ...found);
}

function setUpWith(more: (look: number) => { leftRunning?: string[] }, ...found: Status[]) {
  const clock = new TestClock();
  const looks: number[] = [];
  const kind = probeKind({
    clock,
    prober: {
      look: async ({ service }) => {
        const status = found[Math.min(looks.length, found.length - 1)] ?? 'down';
        looks.push(clock.now() - START);
        return { service, endpoint: 'e', status, detail: `found ${status}`, ...more(looks.length) };
      },
    },
  });
  const controller = new AbortController();
  const context = { task_id: 't', work: 't', n: 1, signal: controller.signal, output: async () => undefined };
  const run = (probe: ProbeStep) => kind.apply(probe, context);
  /** Lets the time pass until it has looked so often. */
  const until = async (count: number, eachMs: number) => {
    while (looks.length < count) {
      await expect.poll(() => clock.sleeping, { interval: 1 }).toBe(1);
      clock.advance(eachMs);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { kind, clock, looks, run, until, controller, context };
}

describe('a probe', () => {
  it('looks once where it is healthy', async () => {
    const { run, looks } = setUp('healthy');
    expect(await run(step())).toEqual({
      outcome: 'applied',
      code: null,
      message: 'found healthy',
      left: null,
      health: [{ service: 'web', endpoint: 'e', status: 'healthy' }],
      leftRunning: [],
      environment: [],
    });
    expect(looks).toEqual([0]);
  });

  it('looks three times, a second apart, where nothing else is said', async () => {
    const { run, looks, until } = setUp('down');
    const effect = run(step());
    await until(3, 1000);
    expect(await effect).toMatchObject({
      outcome: 'failed',
      code: 'unhealthy',
      message: 'web is down: found down',
      health: [{ status: 'down' }],
    });
    expect(looks).toEqual([0, 1000, 2000]);
  });

  it('looks as often and at the interval that it was told, until it is healthy', async () => {
    const { run, looks, until } = setUp('down', 'degraded', 'down', 'healthy');
    const effect = run(step({ attempts: 9, interval_ms: 50 }));
    await until(4, 50);
    expect(await effect).toMatchObject({ outcome: 'applied', health: [{ status: 'healthy' }] });
    expect(looks).toEqual([0, 50, 100, 150]);
  });

  it('F39: names what each of its looks left running', async () => {
    const { run, until } = setUpWith((look) => ({ leftRunning: [`${look} sleep`] }), 'down', 'healthy');
    const effect = run(step());
    await until(2, 1000);
    expect((await effect).leftRunning).toEqual(['1 sleep', '2 sleep']);
    const failing = setUpWith(() => ({ leftRunning: ['7 sleep'] }), 'down');
    expect((await failing.run(step({ attempts: 1 }))).leftRunning).toEqual(['7 sleep']);
  });

  it('waits all of the interval', async () => {
    const { run, looks, clock, until } = setUp('down', 'healthy');
    const effect = run(step({ interval_ms: 500 }));
    await expect.poll(() => clock.sleeping, { interval: 1 }).toBe(1);
    clock.advance(499);
    await new Promise((resolve) => setImmediate(resolve));
    expect(looks).toHaveLength(1);
    await until(2, 1);
    await effect;
  });

  it('calls unknown what is neither healthy nor down', async () => {
    const { run } = setUp('degraded');
    expect(await run(step({ attempts: 1 }))).toMatchObject({ outcome: 'failed', code: 'health-unknown' });
  });

  it('ends at once when its task is ended, even between two looks', async () => {
    const { run, looks, controller, clock } = setUp('down');
    const effect = run(step({ attempts: 100, interval_ms: 60_000 }));
    await expect.poll(() => clock.sleeping, { interval: 1 }).toBe(1);
    controller.abort();
    expect(await effect).toMatchObject({ outcome: 'failed' });
    expect(looks.length).toBeLessThanOrEqual(2);
  });

  it('changes nothing: nothing to capture or to undo, and after a crash it looks again', async () => {
    const { kind, looks, context } = setUp('healthy');
    expect([await kind.observe(step()), await kind.capture(step())]).toEqual([null, null]);
    expect((await kind.undo(step(), null, context)).outcome).toBe('applied');
    expect(await kind.reconcile(step(), null, context)).toBe('not-done');
    expect(await kind.preview(step())).toBe('would check web: http://127.0.0.1/up');
    expect(looks).toEqual([]);
  });
});
