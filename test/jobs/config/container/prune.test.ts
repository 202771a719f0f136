import { expect, it } from 'vitest';
import { prune } from '../../../../jobs/config/container/prune.ts';
import type { ContainerFact } from '../../../../src/planning/facts.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const stopped = { exists: true, id: 'a'.repeat(64), image: 'b', running: false, spec: '' } as const;
const kept = (days: number, container: ContainerFact = stopped) => ({
  name: `web.before-${days}`,
  since: (100 - days) * DAY_MS,
  container,
});

const names = (input: object, ...containers: ReturnType<typeof kept>[]) =>
  prune
    .plan(prune.input.parse({ name: 'web', ...input }), { kept: { now: 100 * DAY_MS, containers } })
    .map(({ title }) => title);

it('goes for what was kept for so long, and for nothing younger', () => {
  expect(names({}, kept(29), kept(30), kept(31))).toEqual([
    'remove the container web.before-30, kept for 30 days',
    'remove the container web.before-31, kept for 31 days',
  ]);
  expect(names({ older_than_days: 31 }, kept(30), kept(31))).toEqual([
    'remove the container web.before-31, kept for 31 days',
  ]);
  expect(names({ older_than_days: 0 }, kept(0))).toHaveLength(1);
});

it('never goes for what runs', () => expect(names({}, kept(40, { ...stopped, running: true }))).toEqual([]));
