import { describe, expect, it } from 'vitest';
import type { WatchStep } from '../../src/planning/step.ts';
import type { Prober } from '../../src/services/ports.ts';
import { watchKind } from '../../src/steps/watch.ts';
import { TestSupervisor } from '../support/supervisor.ts';

const WEB = 'pm2/web';
const checks = [{ type: 'http', service: 'web', url: 'http://127.0.0.1:1/up' }] as const;
const step: WatchStep = {
  kind: 'watch',
  target: 'web',
  title: 'watch web for 10 s',
  checks,
  service: { supervisor: 'pm2', name: 'web' },
  forMs: 10_000,
  everyMs: 1_000,
  failures: 0,
  latencyMs: null,
};

/** `sees`: what happens at a look, by its number from 1: nothing says healthy, at once. */
function setUp(
  sees: (
    look: number,
    host: { supervisor: TestSupervisor; stop: AbortController },
  ) => void | { down?: true; tookMs?: number },
) {
  let now = 0;
  let looks = 0;
  const supervisor = new TestSupervisor();
  supervisor.put(WEB, {});
  const stop = new AbortController();
  const clock = { now: () => now, monotonic: () => now, wait: async (ms: number) => void (now += ms) };
  const prober: Prober = {
    look: async () => {
      looks += 1;
      const { down = false, tookMs = 0 } = sees(looks, { supervisor, stop }) ?? {};
      now += tookMs;
      return {
        service: 'web',
        endpoint: 'x',
        status: down ? 'down' : 'healthy',
        detail: '',
        leftRunning: [`pid ${looks}`],
      };
    },
  };
  const kind = watchKind({ prober, supervisors: supervisor.all, clock });
  const context = { task_id: 't', work: 't', n: 1, signal: stop.signal, output: async () => undefined };
  const watch = (more: Partial<WatchStep> = {}) => kind.apply({ ...step, ...more }, context);
  return { kind, context, supervisor, watch, looks: () => looks, seconds: () => now / 1000 };
}

const failing = (count: number) => setUp((look) => (look <= count ? { down: true } : undefined));
const slow = () => setUp((look) => ({ tookMs: look % 2 === 0 ? 300 : 10 }));

describe('watching', () => {
  it('looks until its time is over, and tells how it was', async () => {
    const { watch, looks, seconds } = setUp(() => undefined);
    expect(await watch()).toMatchObject({
      outcome: 'applied',
      message: '11 looks in 10 s, 0 failed',
      health: [{ service: 'web', status: 'healthy' }],
      leftRunning: expect.arrayContaining(['pid 1', 'pid 11']),
    });
    expect([looks(), seconds()]).toEqual([11, 10]);
  });

  it('fails with the first look that is not healthy', async () => {
    const { watch, looks } = setUp((look) => (look === 3 ? { down: true } : undefined));
    const message = 'web: 1 of 3 looks failed';
    expect(await watch()).toMatchObject({
      outcome: 'failed',
      code: 'watch-failed',
      message,
      health: [{ status: 'down' }],
    });
    expect(looks()).toBe(3);
  });

  it('lets as many looks of the whole window fail as it may, and not one more', async () => {
    expect(await failing(2).watch({ failures: 0.2 })).toMatchObject({ outcome: 'applied' });
    expect(await failing(3).watch({ failures: 0.2 })).toMatchObject({ message: 'web: 3 of 3 looks failed' });
  });

  it('judges in the end by the looks that there were: slow ones are fewer', async () => {
    const { watch } = setUp((look) => ({ tookMs: 4_000, ...(look === 2 && { down: true }) }));
    expect(await watch({ failures: 0.2 })).toMatchObject({ message: 'web: 1 of 3 looks failed' });
  });

  it('fails where half of the looks are too slow', async () => {
    expect(await slow().watch({ latencyMs: 299 })).toMatchObject({
      code: 'watch-failed',
      message: expect.stringMatching(/^web: half of \d+ looks took 300 ms or more, which may be 299$/),
    });
    expect(await slow().watch({ latencyMs: 300 })).toMatchObject({ outcome: 'applied' });
  });

  it('judges few looks by their time as well, where there are no more', async () => {
    const { watch } = setUp(() => ({ tookMs: 300 }));
    expect(await watch({ forMs: 1_000, latencyMs: 200 })).toMatchObject({ code: 'watch-failed' });
  });

  it.each([
    ['began anew', (supervisor: TestSupervisor) => supervisor.put(WEB, { run: 2 }), 'web: its service began anew'],
    [
      'does not run',
      (supervisor: TestSupervisor) => supervisor.put(WEB, { state: 'waiting' }),
      'web: its service is waiting',
    ],
    ['is gone', (supervisor: TestSupervisor) => supervisor.services.clear(), 'web: its service is absent'],
  ])('fails where its service %s, however healthy it looks', async (_, change, message) => {
    const { watch } = setUp((look, { supervisor }) => {
      if (look === 4) change(supervisor);
    });
    expect(await watch()).toMatchObject({ outcome: 'failed', code: 'watch-failed', message });
  });

  it('does not take for a fault of the service that its supervisor does not answer', async () => {
    const { watch } = setUp((look, { supervisor }) => {
      supervisor.garbage = look === 4 ? 'busy' : null;
    });
    expect(await watch()).toMatchObject({ outcome: 'applied' });
  });

  it('watches what has no service by its checks alone', async () => {
    const { watch } = setUp((look, { supervisor }) => {
      if (look === 4) supervisor.services.clear();
    });
    expect(await watch({ service: null })).toMatchObject({ outcome: 'applied' });
  });

  it('ends when its task must, and that is no verdict on what it watches', async () => {
    const { watch, looks } = setUp((look, { stop }) => {
      if (look < 3) return undefined;
      stop.abort();
      return { down: true };
    });
    expect(await watch()).toMatchObject({ outcome: 'failed', code: 'aborted' });
    expect(looks()).toBe(3);
  });
});

it('begins anew after a crash, and has nothing to take back', async () => {
  const { kind, context, looks } = setUp(() => undefined);
  expect(await kind.reconcile(step, null, context)).toBe('not-done');
  expect(await kind.undo(step, null, context)).toMatchObject({ outcome: 'applied', message: 'changed nothing' });
  expect(await kind.preview(step)).toBe('would watch web for 10 s');
  expect(looks()).toBe(0);
});
