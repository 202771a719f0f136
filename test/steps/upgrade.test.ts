import { expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import type { UpgradeStep } from '../../src/planning/step.ts';
import type { Halt } from '../../src/services/halt.ts';
import type { UpgradeState, Upgrades } from '../../src/services/host.ts';
import type { StepContext } from '../../src/services/step-kind.ts';
import { upgradeKind } from '../../src/steps/upgrade.ts';
import { VERSION } from '../../src/version.ts';
import { TestClock } from '../services/support.ts';

const step: UpgradeStep = { kind: 'upgrade', target: 'savorg-ops', title: 'upgrade', from: '0.0.9', version: VERSION };
const ended = (outcome: 'upgraded' | 'as-before' | 'unclear'): UpgradeState => ({
  state: 'ended',
  outcome,
  message: 'so it said',
});
const UNDER_WAY: UpgradeState = { state: 'under-way' };
const GONE: UpgradeState = { state: 'gone' };

/** Root says these, one a look, and the last one from then on. */
function setUp(said: (UpgradeState | null)[], begin: Upgrades['begin'] = async () => undefined) {
  const begun: string[] = [];
  const upgrades: Upgrades = {
    installed: async () => VERSION,
    look: async () => (said.length > 1 ? said.shift() : said[0]) ?? null,
    begin: async (taskId) => {
      begun.push(taskId);
      await begin(taskId);
    },
  };
  const clock = new TestClock();
  clock.wait = async () => undefined;
  const kind = upgradeKind({ upgrades, clock });
  const controller = new AbortController();
  let waits = false;
  const context: StepContext = {
    task_id: 'up',
    work: 'up',
    n: 1,
    signal: controller.signal,
    output: async () => undefined,
    waitsForStop: () => {
      waits = true;
    },
  };
  return {
    begun,
    controller,
    waits: () => waits,
    apply: () => kind.apply(step, context),
    reconcile: () => kind.reconcile(step, null, context),
  };
}

it('asks root once, and waits for its word', async () => {
  const { apply, begun, waits } = setUp([null, UNDER_WAY, UNDER_WAY, ended('upgraded')]);
  expect(await apply()).toMatchObject({
    outcome: 'applied',
    message: `0.0.9 -> ${VERSION}`,
    health: [{ service: 'savorg-ops', status: 'healthy' }],
  });
  expect([begun, waits()]).toEqual([['up'], true]);
});

it('does not ask again for what root has begun', async () => {
  const { apply, begun } = setUp([UNDER_WAY, ended('upgraded')]);
  expect(await apply()).toMatchObject({ outcome: 'applied' });
  expect(begun).toEqual([]);
});

it('touches nothing where root does not begin, and says why', async () => {
  const { apply, waits } = setUp([null], () => Promise.reject(new OpsError('not-approved')));
  expect(await apply()).toMatchObject({ outcome: 'refused', code: 'upgrade-refused', message: 'not-approved' });
  expect(waits()).toBe(false);
});

it('waits for another one that was asked at the same time', async () => {
  const { apply } = setUp([null, UNDER_WAY, ended('upgraded')], () => Promise.reject(new OpsError('used already')));
  expect(await apply()).toMatchObject({ outcome: 'applied' });
});

it.each([
  [ended('as-before'), { outcome: 'refused', code: 'upgrade-failed', message: 'so it said' }],
  [ended('unclear'), { outcome: 'failed', code: 'upgrade-failed', message: 'so it said' }],
  [GONE, { outcome: 'unknown', code: 'upgrade-lost' }],
])('says of %j what it is', async (said, effect) => {
  expect(await setUp([UNDER_WAY, said]).apply()).toMatchObject(effect);
});

it('F65: is over when the daemon ends, and not when its task is vetoed: root goes on', async () => {
  const stopped = setUp([UNDER_WAY]);
  stopped.controller.abort({ outcome: 'interrupted', code: 'interrupted', message: '', open: true } satisfies Halt);
  expect(await stopped.apply()).toMatchObject({ code: 'aborted' });
  const vetoed = setUp([UNDER_WAY, UNDER_WAY, ended('upgraded')]);
  vetoed.controller.abort({ outcome: 'vetoed', code: 'vetoed', message: '' } satisfies Halt);
  expect(await vetoed.apply()).toMatchObject({ outcome: 'applied' });
});

it.each([null, UNDER_WAY, GONE, ended('as-before')])(
  'F65: is looked at again after a crash where root says %j',
  async (said) => {
    expect(await setUp([said]).reconcile()).toBe('not-done');
  },
);

it('F65: is done after a crash where root says so, with its health', async () => {
  expect(await setUp([ended('upgraded')]).reconcile()).toMatchObject({ health: [{ service: 'savorg-ops' }] });
});
