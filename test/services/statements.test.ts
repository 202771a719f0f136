import { describe, expect, it } from 'vitest';
import { AlertMessage } from '../../src/contract/alert.ts';
import { attest } from '../../src/contract/attestation.ts';
import { signControl } from '../../src/contract/control.ts';
import type { Role } from '../../src/contract/names.ts';
import { HOUR, roleKey, START, testKeys, testLine, withdrawal } from './support.ts';

const SECOND = 1_000;
const MINI = 'host:mini-1';

async function setUp() {
  const resumed: string[] = [];
  let acknowledged = 0;
  const line = await testLine({
    listener: {
      resumed: (target) => resumed.push(target),
      acknowledged: () => {
        acknowledged += 1;
      },
    },
  });
  const { ledger, clock, stream, control } = line;
  /** Adds these to the stream and reads it. */
  const say = async (...tokens: string[]) => {
    for (const token of tokens) stream.send(token);
    await control.catchUp();
  };
  return {
    ...line,
    resumed,
    acknowledged: () => acknowledged,
    say,
    paused: (target = MINI) => ledger.pauses(clock.now(), [target]).map(({ by }) => by),
    events: () => [...ledger.auditEntries()].map(({ event }) => event),
    keptStatements: () => ledger.pauses(0).length,
  };
}

/** Said `at` seconds after the start, in whose first seconds everything here happens. */
const said = (verb: 'pause' | 'resume' | 'cancel', at: number, role: Role = 'operator', validForMs = HOUR) =>
  withdrawal(verb, MINI, { role, issuedAt: START + at * SECOND, validForMs });

describe('a pause', () => {
  it('is in force until its exp, and is told of with who paused and why', async () => {
    const { say, ledger, clock, events } = await setUp();
    await say(await said('pause', 0));
    const pause = { target: MINI, reason: 'not today', by: 'savorg-operator', until: START + HOUR };
    expect(ledger.pauses(clock.now())).toEqual([pause]);
    expect([ledger.pauses(clock.now(), [MINI]), ledger.pauses(clock.now(), ['host:*'])]).toEqual([[pause], []]);
    expect(events()).toEqual(['pause']);
    clock.advance(HOUR - 1);
    expect(ledger.pauses(clock.now(), [MINI])).toHaveLength(1);
    clock.advance(1);
    expect(ledger.pauses(clock.now(), [MINI])).toEqual([]);
  });

  it('is no withdrawal: what runs goes on', async () => {
    const { say, ledger } = await setUp();
    await say(await said('pause', 0));
    expect(ledger.withdrawals([MINI], START)).toEqual([]);
  });

  it('is ended by a resume of the same target, which is told; each target by itself', async () => {
    const { say, paused, resumed } = await setUp();
    await say(await said('pause', 0), await withdrawal('pause', 'host:*', { role: 'operator' }));
    await say(await said('resume', 1));
    expect([paused(), paused('host:*'), resumed]).toEqual([[], ['savorg-operator'], [MINI]]);
  });

  it('stands with others of the same target, and one resume ends them all', async () => {
    const { say, paused, clock } = await setUp();
    await say(await said('pause', 0, 'operator', 3 * HOUR), await said('pause', 1, 'manager', HOUR));
    expect(paused()).toEqual(['savorg-operator', 'savorg-manager']);
    clock.advance(2 * HOUR);
    expect(paused()).toEqual(['savorg-operator']);
    await say(await said('resume', 7200));
    expect(paused()).toEqual([]);
  });

  it('comes back when it is said anew after a resume', async () => {
    const { say, paused } = await setUp();
    await say(await said('pause', 0), await said('resume', 1), await said('pause', 2));
    expect(paused()).toHaveLength(1);
  });

  it.each([
    ['manager', ['savorg-security']],
    ['operator', []],
    ['security', []],
  ] as const)("of Security's: a resume by %s leaves %j", async (role, left) => {
    const { say, paused } = await setUp();
    await say(await said('pause', 0, 'security'), await said('resume', 1, role));
    expect(paused()).toEqual(left);
  });

  it("of Security's is neither shortened nor ended by a pause and a resume of Manager's", async () => {
    const { say, paused } = await setUp();
    await say(
      await said('pause', 0, 'security'),
      await said('pause', 1, 'manager', SECOND),
      await said('resume', 2, 'manager'),
    );
    expect(paused()).toEqual(['savorg-security']);
  });

  it("of Security's is not made old by what Manager said with a clock that goes ahead", async () => {
    const { say, paused } = await setUp();
    await say(await said('resume', 60, 'manager'), await said('pause', 0, 'security'));
    expect(paused()).toEqual(['savorg-security']);
  });

  it('of a schedule is kept, and holds nothing else', async () => {
    const { say, ledger } = await setUp();
    await say(await withdrawal('pause', 'schedule:mini-1/backup', { role: 'operator' }));
    expect(ledger.pauses(START).map(({ target }) => target)).toEqual(['schedule:mini-1/backup']);
  });
});

describe('T12: what came before or is older changes nothing', () => {
  it('a pause that is added again after its resume', async () => {
    const { say, paused, events } = await setUp();
    const [pause, resume] = [await said('pause', 0), await said('resume', 0)];
    await say(pause, resume, pause, resume, pause);
    expect([paused(), events()]).toEqual([[], ['pause', 'resume']]);
  });

  it('a resume that is added again after a later pause', async () => {
    const { say, paused, resumed } = await setUp();
    const resume = await said('resume', 1);
    await say(await said('pause', 0), resume, await said('pause', 2), resume);
    expect([paused().length, resumed.length]).toEqual([1, 1]);
  });

  it('the same after a restart, and after Redis was replaced', async () => {
    const { say, paused, parts, stream } = await setUp();
    const [pause, resume] = [await said('pause', 0), await said('resume', 1)];
    await say(pause, resume);
    stream.entries.length = 0;
    stream.send(pause);
    const next = await testLine(parts);
    await next.control.catchUp();
    expect(paused()).toEqual([]);
  });

  it('entries that come in another order than they were said in: the youngest counts', async () => {
    const { say, paused, events } = await setUp();
    await say(await said('resume', 1), await said('pause', 0));
    expect([paused(), events()]).toEqual([[], ['resume', 'control-rejected']]);
  });

  it('of two that were said in the same second the one that stands later in the stream counts', async () => {
    const { say, paused } = await setUp();
    await say(await said('pause', 5), await said('resume', 5));
    expect(paused()).toEqual([]);
    await say(await said('pause', 5));
    expect(paused()).toHaveLength(1);
  });

  it.each(['cancel', 'pause', 'resume'] as const)('an older cancellation after a %s', async (verb) => {
    const { say, ledger } = await setUp();
    await say(
      await said(verb, 2),
      await withdrawal('cancel', MINI, { role: 'manager', issuedAt: START, reason: 'old' }),
    );
    expect(ledger.withdrawals([MINI], START).map(({ reason }) => reason)).not.toContain('old');
  });

  it.each([
    ['resume', 'pause', 0],
    ['pause', 'resume', 1],
  ] as const)("what Manager says of the future keeps no operator's %s out", async (verb, before, pauses) => {
    const { say, paused, ledger } = await setUp();
    await say(await said(before, 59, 'manager'), await said(verb, 0), await said('cancel', 0));
    expect(paused()).toHaveLength(pauses);
    expect(ledger.withdrawals([MINI], START).map(({ by }) => by)).toEqual(['savorg-operator']);
  });

  it('a jti counts for who used it: nobody can use up that of another', async () => {
    const { say, paused, ledger } = await setUp();
    const keys = await testKeys();
    const same = { target: MINI, reason: 'r', issuedAt: new Date(START), validForMs: HOUR, jti: 'same' } as const;
    await say(await signControl(keys.manager, { ...same, verb: 'resume' }));
    await say(await signControl(keys.operator, { ...same, verb: 'pause' }));
    expect(paused()).toEqual(['savorg-operator']);
    await say(await signControl(keys.security, { ...same, verb: 'cancel' }));
    await say(await signControl(keys.security, { ...same, verb: 'veto' }));
    expect(ledger.withdrawals([MINI], START).map(({ verb }) => verb)).toEqual(['veto', 'cancel']);
  });

  it('a veto stands whatever was said before or comes later', async () => {
    const { say, ledger, clock, events } = await setUp();
    const veto = await withdrawal('veto', MINI, { issuedAt: START - 1000 * HOUR });
    await say(await said('pause', 0), veto, await said('resume', 1), veto, await withdrawal('veto', MINI));
    clock.advance(1000 * HOUR);
    expect(ledger.withdrawals([MINI], clock.now())).toHaveLength(1);
    expect(events()).toEqual(['pause', 'veto', 'resume']);
  });

  it('is known for as long as any older one could still be valid, and not kept for ever', async () => {
    const { say, paused, clock, keptStatements } = await setUp();
    const old = await said('pause', 0, 'operator', 24 * HOUR);
    await say(await said('resume', 1, 'operator', 60 * SECOND));
    clock.advance(24 * HOUR - SECOND);
    await say(old);
    expect(paused()).toEqual([]);
    await say(await said('pause', 24 * 3600 - 1));
    expect(keptStatements()).toBe(1);
    clock.advance(25 * HOUR);
    await say(old, await withdrawal('cancel', 'task:a', { role: 'operator', issuedAt: clock.now() }));
    expect(keptStatements()).toBe(0);
  });
});

describe('late attestations', () => {
  it('are kept of each signer the newest 20 about a plan: all are verified for each of its tasks', async () => {
    const { say, ledger, events } = await setUp();
    const keys = await testKeys();
    const of = (role: 'plan-review' | 'security', n: number) =>
      attest(keys[role], {
        covers: { plan_id: 'plan-1', tasks: [`sha256:${n.toString(16).padStart(64, '0')}`] },
        issuedAt: new Date(START + n * SECOND),
        validForMs: HOUR,
      });
    const clearance = await of('security', 0);
    const approvals = await Promise.all(Array.from({ length: 30 }, (_, n) => of('plan-review', n)));
    await say(clearance, ...approvals);
    const newest = [clearance, ...approvals.slice(10)];
    expect(ledger.lateTokens(['plan-1'])).toEqual(newest);
    await say(...approvals.slice(0, 10));
    expect([ledger.lateTokens(['plan-1']), events().length]).toEqual([newest, 31]);
  });
});

const acknowledge = (alertId: string, role: Role = 'operator', issuedAt = START) =>
  withdrawal('acknowledge', `alert:${alertId}`, { role, issuedAt });
const messages = (line: Awaited<ReturnType<typeof setUp>>) =>
  line.ledger
    .messagesAfter(0, 99)
    .map(({ id, body }) => ({ id, ...AlertMessage.parse({ ...body, signature: 's' }).alert }));

describe('an acknowledgement', () => {
  it('of an alert that was raised here is a message of its own, once', async () => {
    const line = await setUp();
    const raised = { severity: 'warning', code: 'c', subject: MINI, message: 'm' } as const;
    await line.alerter.raise('a-1', raised);
    await line.say(await acknowledge('a-1'), await acknowledge('a-1', 'manager', START + SECOND));
    const [first, second, ...others] = messages(line);
    expect(first).toMatchObject({ id: 'a-1-raised', state: 'raised', ...raised });
    expect(second).toEqual({ ...first, id: 'a-1-acknowledged', state: 'acknowledged' });
    expect([others, line.acknowledged(), line.events()]).toEqual([[], 1, ['acknowledge']]);
    expect(line.ledger.alerts()).toMatchObject([{ alert_id: 'a-1', state: 'acknowledged' }]);
  });

  it("of another host's alert, or of one that is still to come, changes nothing", async () => {
    const line = await setUp();
    const early = await acknowledge('a-1');
    await line.say(
      early,
      await acknowledge('other-1'),
      await withdrawal('acknowledge', 'task:a-1', { role: 'operator' }),
    );
    await line.alerter.raise('a-1', { severity: 'info', code: 'c', subject: MINI, message: 'm' });
    await line.say(early);
    expect(messages(line).map(({ state }) => state)).toEqual(['raised']);
    expect([line.acknowledged(), line.events()]).toEqual([0, []]);
  });

  it('by a role that may not is audited, and changes nothing', async () => {
    const line = await setUp();
    await line.alerter.raise('a-1', { severity: 'info', code: 'c', subject: MINI, message: 'm' });
    await line.say(await acknowledge('a-1', 'security'));
    expect([messages(line).length, line.events()]).toEqual([1, ['control-rejected']]);
  });
});

describe('T12: a flood of what does not verify', () => {
  it('is read through, audited 60 times a minute, and told by one alert', async () => {
    const { stream, control, ledger, clock, events } = await setUp();
    const stranger = await roleKey('security', 'savorg-security');
    const forged = {
      verb: 'veto',
      target: MINI,
      reason: 'x',
      issuedAt: new Date(START),
      validForMs: 1,
      jti: 'j',
    } as const;
    const token = await signControl(stranger, forged);
    for (let n = 0; n < 5_000; n += 1) {
      stream.send(token);
      stream.add({ token: 'junk', more: String(n) });
    }
    const good = stream.send(await withdrawal('veto', 'task:good'));
    await control.catchUp();
    expect(ledger.controlCursor()).toBe(good);
    expect(ledger.withdrawals([MINI, 'task:good'], START).map(({ target }) => target)).toEqual(['task:good']);
    expect(events()).toHaveLength(61);
    clock.advance(60 * SECOND);
    await expect.poll(() => ledger.alerts()).toMatchObject([{ code: 'control-flood', message: '9940 more' }]);
    expect(ledger.messagesAfter(0, 99)).toHaveLength(1);
  });
});
