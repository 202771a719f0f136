import { expect, it } from 'vitest';
import type { OpsOutput } from '../../src/contract/ops-output.ts';
import { nothingRan } from '../../src/services/ops-output.ts';
import { Running } from '../../src/services/running.ts';
import type { Run } from '../../src/services/step-runner.ts';
import { TestClock } from './support.ts';

const outcome = nothingRan('a', 'config', { code: 'x', message: 'y', owner: 'manager' });

function setUp() {
  const output: string[] = [];
  const clock = new TestClock();
  const running = new Running(
    (taskId) => ({
      write: async (chunk) => void output.push(`${taskId}: ${Buffer.from(chunk).toString()}`),
      lastLines: async () => `the end of ${taskId}`,
      close: async () => void output.push(`${taskId} closed`),
    }),
    clock,
  );
  /** Tracks a task that runs until `end` is called. */
  const track = (taskId: string, ...targets: string[]) => {
    const { promise, resolve } = Promise.withResolvers<OpsOutput | null>();
    let begun: Run | undefined;
    const done = running.track(
      taskId,
      { targets, limitMs: undefined },
      async () => undefined,
      (run) => {
        begun = run;
        return promise;
      },
    );
    if (!begun) throw new Error('did not begin at once');
    return { run: begun, end: resolve, done };
  };
  return { running, track, output };
}

it('gives a run its targets, and an output that is closed at its end', async () => {
  const { running, track, output } = setUp();
  const { run, end, done } = track('a', 'task:a', 'plan:P');
  expect(run).toMatchObject({ task_id: 'a', targets: ['task:a', 'plan:P'], leftRunning: [] });
  await run.output(Buffer.from('hello'), 'stdout');
  expect(running.taskIds).toEqual(['a']);
  end(outcome);
  expect(await done).toBe(outcome);
  expect(running.taskIds).toEqual([]);
  expect(output).toEqual(['a: hello', 'a closed']);
});

it('forgets a task and closes its output where its run throws', async () => {
  const { running, output } = setUp();
  const thrown = running.track(
    'a',
    { targets: [], limitMs: undefined },
    async () => undefined,
    () => Promise.reject(new Error('disk full')),
  );
  await expect(thrown).rejects.toThrow('disk full');
  expect([running.taskIds, output]).toEqual([[], ['a closed']]);
});

it('ends those that a withdrawal means, by their first cause', () => {
  const { running, track } = setUp();
  const [a, b] = [track('a', 'task:a', 'plan:P'), track('b', 'task:b', 'plan:Q')];
  running.withdraw({ verb: 'veto', target: 'plan:P', reason: 'unsafe', by: 'sec' });
  running.withdraw({ verb: 'cancel', target: 'task:a', reason: 'later', by: 'manager' });
  expect(a.run.signal.reason).toEqual({
    outcome: 'vetoed',
    code: 'vetoed',
    message: 'plan:P was vetoed by sec: unsafe',
  });
  expect(b.run.signal.aborted).toBe(false);
});

it('ends all when the daemon stops, leaves them open, and waits for them', async () => {
  const { running, track } = setUp();
  const [a, b] = [track('a'), track('b')];
  let stopped = false;
  const stop = running.stop().finally(() => {
    stopped = true;
  });
  expect([a.run.signal.reason, b.run.signal.reason]).toMatchObject([{ open: true }, { open: true }]);
  a.end(null);
  await a.done;
  expect(stopped).toBe(false);
  b.end(null);
  await stop;
  await running.idle();
});

it('is idle where all that runs waits for the daemon to end', async () => {
  const { running, track } = setUp();
  const [a, b] = [track('a'), track('b')];
  a.run.waitsForStop?.();
  let idle = false;
  const waiting = running.idle().finally(() => {
    idle = true;
  });
  await Promise.resolve();
  expect(idle).toBe(false);
  b.end(null);
  await waiting;
  const stop = running.stop();
  a.end(null);
  await stop;
});
