import { expect, it } from 'vitest';
import { keptOf } from '../../src/services/kept-containers.ts';
import type { TaskRecord } from '../../src/services/ledger.ts';
import { MemoryEngine } from '../support/memory-engine.ts';
import { TestClock } from './support.ts';

it('what is kept has the age of the task that put it aside, and what no ended task did is left out', async () => {
  const engine = new MemoryEngine();
  const made = { task: 'task-0', running: false };
  const old = engine.add({ ...made, name: 'web.before-old', image: 'one' });
  engine.add({ ...made, name: 'web.before-open' });
  engine.add({ ...made, name: 'web.before-unknown' });
  engine.add({ ...made, name: 'web.before-old', task: '' });
  engine.add({ ...made, name: 'web' });
  engine.add({ ...made, name: 'other.before-old' });
  const ends: Record<string, TaskRecord['ended']> = { old: { at: 7 } as TaskRecord['ended'], open: null };
  const ledger = {
    task: (id: string) => (id in ends ? ({ ended: ends[id] } as TaskRecord) : undefined),
  };
  const clock = new TestClock();
  expect(await keptOf('web', { ledger, containers: engine, clock })).toEqual({
    now: clock.now(),
    containers: [
      {
        name: 'web.before-old',
        since: 7,
        container: { exists: true, id: old.id, image: 'one', running: false, spec: '' },
      },
    ],
  });
});
