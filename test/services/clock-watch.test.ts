import { describe, expect, it, onTestFinished } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { acceptClock } from '../../src/contract/clock.ts';
import { signToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import { ClockAcceptances } from '../../src/services/clock-acceptance.ts';
import { ClockWatch } from '../../src/services/clock-watch.ts';
import { passBy } from '../../src/services/failpoint.ts';
import { planTask } from '../../src/services/planner.ts';
import { StepRunner } from '../../src/services/step-runner.ts';
import {
  actionsTask,
  boundActions,
  claimed,
  HOUR,
  runCommand,
  runOf,
  START,
  statesOf,
  submit,
  TestClock,
  testKeys,
  testLine,
  testRing,
  withdrawal,
} from './support.ts';

/** A clock that can be set; the monotonic time goes on. */
class SettableClock extends TestClock {
  setBy = 0;

  override now(): number {
    return super.now() + this.setBy;
  }

  /** How often the watch has waited for its next look. */
  looks = 0;

  override wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal) this.looks += 1;
    return super.wait(ms, signal);
  }
}

async function setUp() {
  const clock = new SettableClock();
  const line = await testLine({ clock });
  const { ledger, alerter } = line;
  const waiting: string[] = [];
  const gaps: number[] = [];
  const read: string[] = [];
  const ring = await testRing();
  const watch = new ClockWatch({
    host: 'mini-1',
    ledger,
    clock,
    acceptances: new ClockAcceptances({
      host: 'mini-1',
      ledger,
      requests: { take: () => waiting.shift() ?? null },
      verifier: verifierBy(() => ring, clock),
      onAccepted: () => undefined,
    }),
    alerter,
    control: {
      catchUp: async () => {
        await line.control.catchUp();
        read.push(ledger.controlCursor());
      },
    },
    onGap: () => gaps.push(clock.now()),
  });
  onTestFinished(() => watch.stop());
  const events = () => [...ledger.auditEntries()].map(({ event, detail }) => [event, detail]);
  const alerts = () => ledger.alerts().map(({ code, message }) => [code, message]);
  /** Lets 5 s pass, and resolves when the watch has looked. */
  const look = async () => {
    const { looks } = clock;
    clock.advance(5_000);
    await expect.poll(() => clock.looks, { interval: 1 }).toBe(looks + 1);
  };
  return { clock, line, ledger, watch, waiting, gaps, read, events, alerts, look };
}

/** An operator's statement for the watch, by whomever and for whichever host. */
const accepted = async (wrong: number, right: number, host = 'mini-1') =>
  acceptClock((await testKeys()).operator, { host, wrong, right });

describe('a watch over the clock', () => {
  it('keeps the latest time seen, also of a host that has nothing to do', async () => {
    const { watch, ledger, look } = await setUp();
    await watch.start();
    expect(ledger.latestTime()).toBe(START);
    for (let n = 1; n <= 3; n += 1) await look();
    expect(ledger.latestTime()).toBe(START + 15_000);
  });

  it.each([
    ['F49: a sleep in which the monotonic time stands still', 600_000, 0, { clock_s: 600, elapsed_s: 0 }],
    ['F49: a sleep in which it goes on', 600_000, 600_000, { clock_s: 600, elapsed_s: 600 }],
    ['F48: a clock that is set back by two hours', -2 * HOUR, 0, { clock_s: -7200, elapsed_s: 0 }],
    ['F48: a clock that is set forward by three hours', 3 * HOUR, 0, { clock_s: 10_800, elapsed_s: 0 }],
  ])(
    'notices %s, once: the control stream is read, and what may have been lost is looked for',
    async (_, ms, counted, detail) => {
      const { clock, watch, gaps, read, events } = await setUp();
      await watch.awake();
      clock.pass(counted);
      clock.setBy += ms - counted;
      await watch.awake();
      await watch.awake();
      expect(events()).toEqual([['time-gap', detail]]);
      expect([gaps.length, read.length]).toEqual([1, 1]);
    },
  );

  it('F48: does not take a clock that is slewed, or a busy machine, for a gap', async () => {
    const { clock, watch, events } = await setUp();
    for (const [ms, counted] of [
      [5_000, 14_999],
      [24_000, 14_000],
      [-4_000, 5_000],
    ] as const) {
      clock.pass(counted);
      clock.setBy += ms - counted;
      await watch.awake();
    }
    expect(events()).toEqual([]);
  });

  it('F49: lets no step begin after a gap before it is known what was vetoed meanwhile', async () => {
    const { clock, line, ledger, watch } = await setUp();
    const steps = new StepRunner({ ledger, kinds: line.kinds, clock, awake: () => watch.awake(), reached: passBy });
    const task = actionsTask({ actions: [runCommand(['one']), runCommand(['two'])] });
    await claimed(ledger, task);
    const planned = await planTask(boundActions(task), line.machine);
    if ('code' in planned) throw new Error(planned.message);
    await ledger.commit(() => ledger.addSteps(task.task_id, planned.steps));
    line.machine.when('one', async () => {
      clock.setBy += 600_000;
      line.stream.send(await withdrawal('veto', 'task:task-1', { issuedAt: START + 300_000 }));
      return {};
    });
    const halt = await steps.apply(runOf(task.task_id));
    expect(halt).toMatchObject({ outcome: 'vetoed' });
    expect(line.machine.ran).not.toContain('two');
    expect(statesOf(ledger, task.task_id).slice(0, 2)).toEqual(['applied', 'planned']);
  });

  it('F49: holds a step up for 5 s at most where Redis is away after a gap', async () => {
    const { clock, line, watch } = await setUp();
    const asked = Promise.withResolvers<void>();
    line.stream.after = () => (asked.resolve(), new Promise(() => undefined));
    clock.setBy += 600_000;
    let awake = false;
    const waits = watch.awake().then(() => (awake = true));
    await asked.promise;
    clock.advance(4_999);
    await Promise.resolve();
    expect(awake).toBe(false);
    clock.advance(1);
    await waits;
  });
});

it('F48: no duration is negative, and those of steps do not follow the clock', async () => {
  const { clock, line, ledger } = await setUp();
  line.machine.when('one', async () => {
    clock.pass(70);
    clock.setBy = -2 * HOUR;
    return {};
  });
  const task = actionsTask({ actions: [runCommand(['one'])], expires_at: '2026-11-24T09:00:00Z' });
  expect(await submit(line, task)).toMatchObject({ kind: 'ran' });
  expect(ledger.steps('task-1')[0]?.durationMs).toBe(70);
  expect(ledger.outcomesAfter(0, 9)).toEqual([{ seq: 1, outcome: 'completed', durationMs: 0 }]);
});

describe('a clock that is behind', () => {
  it('T7, F48: raises an alert, once until it is right again', async () => {
    const { clock, watch, alerts, look } = await setUp();
    const told = ['clock', expect.stringMatching(/^the clock of mini-1 is 3590 s behind .* "ops clock accept"/)];
    await watch.start();
    clock.setBy = -125_000;
    await look();
    expect(alerts()).toEqual([]);
    clock.setBy = -HOUR;
    await look();
    await look();
    expect(alerts()).toEqual([told]);
    clock.setBy = 0;
    await look();
    clock.setBy = -HOUR;
    await look();
    expect(alerts()).toHaveLength(2);
  });

  it('F48: is right once an operator says so, also before the first task after a start', async () => {
    const { clock, line, watch, ledger, waiting, events } = await setUp();
    await ledger.commit(() => ledger.sawTime(Date.parse('2038-01-19T03:14:08Z')));
    expect(await submit(line, actionsTask({ task_id: 'before' }))).toMatchObject({ kind: 'refused' });
    waiting.push(await accepted(ledger.latestTime(), clock.now()));
    await watch.start();
    expect(events().at(-1)).toEqual([
      'clock-accepted',
      { by: 'savorg-operator', wrong: '2038-01-19T03:14:08Z', right: '2026-11-23T09:00:00Z' },
    ]);
    expect(await submit(line, actionsTask({ task_id: 'after' }))).toMatchObject({ kind: 'ran' });
  });

  it.each([
    ['of another host', () => accepted(START + HOUR, START, 'mini-2')],
    ['about another time, e.g. one that was used before', () => accepted(START + HOUR - 1, START)],
    [
      'by another role',
      async () => {
        const claims = { iss: 'savorg-security', role: 'operator', host: 'mini-1', wrong: START + HOUR, right: START };
        return signToken((await testKeys()).security, TOKEN_TYPES.clock, claims);
      },
    ],
    [
      'in the name of somebody else',
      async () => {
        const claims = { iss: 'savorg-security', role: 'operator', host: 'mini-1', wrong: START + HOUR, right: START };
        return signToken((await testKeys()).operator, TOKEN_TYPES.clock, claims);
      },
    ],
    ['that is none', async () => 'junk'],
    ['that is a control statement', () => withdrawal('cancel', 'host:mini-1', { role: 'operator' })],
    [
      'with more in it',
      async () => {
        const claims = { iss: 'savorg-operator', role: 'operator', host: 'mini-1', wrong: START + HOUR, right: START };
        return signToken((await testKeys()).operator, TOKEN_TYPES.clock, { ...claims, more: 1 });
      },
    ],
  ])('stays so after a statement %s', async (_, statement) => {
    const { watch, ledger, waiting, events } = await setUp();
    await ledger.commit(() => ledger.sawTime(START + HOUR));
    waiting.push(await statement());
    await watch.start();
    expect(ledger.latestTime()).toBe(START + HOUR);
    expect(events()).toEqual([['clock-not-accepted', {}]]);
  });
});
