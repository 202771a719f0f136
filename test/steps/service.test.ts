import { describe, expect, it } from 'vitest';
import { snapshotsIn } from '../../src/adapters/snapshots.ts';
import { installStep, serviceStep } from '../../src/planning/service-step.ts';
import type { ServiceStep } from '../../src/planning/step.ts';
import type { Clock } from '../../src/services/ports.ts';
import { serviceKind } from '../../src/steps/service.ts';
import { temporaryFolder } from '../services/support.ts';
import { TestSupervisor } from '../support/supervisor.ts';

const REF = { supervisor: 'pm2', name: 'web' } as const;
const WEB = 'pm2/web';
const RUNS = { state: 'running', enabled: true } as const;
const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };

type Verb = Parameters<typeof serviceStep>[0];

function setUp() {
  const supervisor = new TestSupervisor();
  let now = 0;
  const wait = async (ms: number) => {
    now += ms;
  };
  const clock: Clock = { now: () => now, monotonic: () => now, wait };
  const kind = serviceKind({ supervisors: supervisor.all, snapshots: snapshotsIn(temporaryFolder()), clock });
  const plan = async (verb: Verb) => serviceStep(verb, REF, await supervisor.look(REF));
  const planInstall = async (text: string) =>
    installStep({ ref: REF, text, standing: RUNS, needs: [] }, await supervisor.look(REF));
  const host = { supervisor, kind, plan, planInstall, waitedMs: () => now };
  /** Captures and applies, as the step runner does. */
  const apply = async (step: ServiceStep) => {
    const captured = await kind.capture(step);
    return { step, captured, effect: await kind.apply(step, context) };
  };
  const kept = () => supervisor.services.get(WEB);
  return { ...host, apply, kept };
}

const stands = (status: string) => [{ service: WEB, endpoint: 'pm2', status }];

describe('applying', () => {
  it.each([
    ['start', 'stopped', 'running', ['bring running pm2/web']],
    ['start', 'waiting', 'running', ['bring running pm2/web']],
    ['stop', 'running', 'stopped', ['bring stopped pm2/web']],
    ['stop', 'waiting', 'stopped', ['bring stopped pm2/web']],
    ['restart', 'running', 'running', ['restart pm2/web']],
    ['restart', 'stopped', 'running', ['restart pm2/web']],
    ['start', 'running', 'running', []],
    ['stop', 'stopped', 'stopped', []],
  ] as const)('%s of what was %s: it is %s', async (verb, before, after, orders) => {
    const { supervisor, plan, apply, kept } = setUp();
    supervisor.put(WEB, { state: before });
    const { effect } = await apply(await plan(verb));
    expect(effect).toMatchObject({ outcome: 'applied', message: orders.length > 0 ? after : 'was already so' });
    expect(effect.health).toEqual(stands('healthy'));
    expect(effect.left).toEqual({ state: after, enabled: true, definition: '' });
    expect(supervisor.orders).toEqual(orders);
    expect(kept()?.state).toBe(after);
  });

  it('installs what is not there, replaces what is, and leaves what is already so', async () => {
    const { supervisor, planInstall, apply, kept } = setUp();
    for (const text of ['one', 'two', 'two']) await apply(await planInstall(text));
    expect(supervisor.orders).toEqual(['install pm2/web', 'install pm2/web']);
    expect(kept()).toMatchObject({ state: 'running', definition: 'two' });
  });

  it('removes what is there, once', async () => {
    const { supervisor, plan, apply, kept } = setUp();
    supervisor.put(WEB, { definition: 'one' });
    for (const message of ['it is not there', 'was already so'])
      expect((await apply(await plan('remove'))).effect).toMatchObject({ outcome: 'applied', message });
    expect(supervisor.orders).toEqual(['remove pm2/web']);
    expect(kept()).toBeUndefined();
  });

  it.each([
    ['start', null, 'service-absent'],
    ['stop', null, 'service-absent'],
    ['restart', null, 'service-absent'],
    ['remove', { definition: null }, 'service-undefined'],
  ] as const)('refuses the %s of %j: %s', async (verb, kept, code) => {
    const { supervisor, plan, apply } = setUp();
    if (kept) supervisor.put(WEB, kept);
    expect((await apply(await plan(verb))).effect).toMatchObject({ outcome: 'refused', code });
    expect(supervisor.orders).toEqual([]);
  });

  it.each(['start', 'stop', 'restart', 'remove'] as const)('refuses to %s what nobody understands', async (verb) => {
    const { supervisor, plan, apply } = setUp();
    supervisor.put(WEB, { definition: 'one', state: verb === 'start' ? 'stopped' : 'running' });
    const step = await plan(verb);
    supervisor.garbage = 'Segmentation fault';
    const { effect } = await apply(step);
    expect(effect).toMatchObject({ outcome: 'refused', code: 'service-unknown' });
    expect(effect.message).toBe('nobody knows how pm2/web stands: Segmentation fault');
    expect(supervisor.orders).toEqual([]);
  });

  it.each([
    ['its state', { state: 'stopped' }],
    ['whether it starts with the host', { enabled: false }],
    ['its definition', { definition: 'two' }],
  ] as const)('refuses what changed after the plan was made: %s', async (_, change) => {
    const { supervisor, plan, apply } = setUp();
    supervisor.put(WEB, { definition: 'one' });
    const step = await plan('stop');
    supervisor.put(WEB, { definition: 'one', ...change });
    expect((await apply(step)).effect).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(supervisor.orders).toEqual([]);
  });

  it('does not mind that it was started anew meanwhile', async () => {
    const { supervisor, plan, apply } = setUp();
    supervisor.put(WEB, { run: 1 });
    const step = await plan('stop');
    supervisor.put(WEB, { run: 2 });
    expect((await apply(step)).effect.outcome).toBe('applied');
  });

  it('says what the supervisor refused, and how the service stands', async () => {
    const { supervisor, plan, apply } = setUp();
    supervisor.put(WEB, { state: 'stopped' });
    supervisor.refusal = '119, the service is disabled';
    const { effect } = await apply(await plan('start'));
    expect(effect).toMatchObject({ outcome: 'failed', code: 'service-failed', message: supervisor.refusal });
    expect(effect.health).toEqual(stands('down'));
    expect(effect.left).toMatchObject({ state: 'stopped' });
  });
});

describe('waiting', () => {
  it('takes for running only what is seen twice in one run', async () => {
    const { supervisor, plan, apply, waitedMs } = setUp();
    supervisor.put(WEB, { state: 'stopped' });
    const step = await plan('start');
    let crashes = 5;
    supervisor.beforeLook = () => {
      const kept = supervisor.services.get(WEB);
      if (kept?.state === 'running' && crashes > 0) kept.run += crashes--;
    };
    expect((await apply(step)).effect.outcome).toBe('applied');
    expect(crashes).toBe(0);
    expect(waitedMs()).toBeLessThan(5_000);
  });

  it('ends after a minute, with what it saw last', async () => {
    const { supervisor, plan, apply, waitedMs } = setUp();
    supervisor.put(WEB, { state: 'running' });
    supervisor.beforeLook = () => supervisor.put(WEB, { state: 'running' });
    const { effect } = await apply(await plan('stop'));
    expect(effect).toMatchObject({ outcome: 'failed', code: 'service-failed' });
    expect(effect.message).toBe('pm2/web is running, not stopped: running');
    expect(waitedMs()).toBe(60_000);
  });

  it('says that nobody knows where the supervisor no longer does', async () => {
    const { supervisor, plan, apply } = setUp();
    supervisor.put(WEB, { state: 'running' });
    const step = await plan('stop');
    supervisor.beforeLook = () => {
      if (supervisor.orders.length > 0) supervisor.garbage = 'garbage';
    };
    const { effect } = await apply(step);
    expect(effect).toMatchObject({ outcome: 'unknown', code: 'service-unknown', left: null });
    expect(effect.health).toEqual(stands('degraded'));
  });

  it('ends at once with its task', async () => {
    const { supervisor, plan, kind, waitedMs } = setUp();
    supervisor.put(WEB, { state: 'running' });
    supervisor.beforeLook = () => supervisor.put(WEB, { state: 'running' });
    const effect = await kind.apply(await plan('stop'), { ...context, signal: AbortSignal.abort() });
    expect(effect.outcome).toBe('failed');
    expect(waitedMs()).toBe(0);
  });
});

describe('undoing', () => {
  it.each([
    ['start', { state: 'stopped', enabled: false }],
    ['start', { state: 'waiting' }],
    ['stop', { state: 'running' }],
    ['stop', { state: 'waiting' }],
    ['restart', { state: 'running' }],
    ['restart', { state: 'stopped' }],
    ['remove', { state: 'running' }],
    ['remove', { state: 'stopped', enabled: false }],
  ] as const)('%s: it stands as before, %j', async (verb, before) => {
    const { supervisor, plan, apply, kind, kept } = setUp();
    supervisor.put(WEB, { definition: 'one', ...before });
    const { step, captured } = await apply(await plan(verb));
    for (const _ of ['once', 'again'])
      expect(await kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(kept()).toMatchObject({ definition: 'one', enabled: true, ...before });
  });

  it('an install that was the first removes it', async () => {
    const { planInstall, apply, kind, kept } = setUp();
    const { step, captured } = await apply(await planInstall('one'));
    expect(await kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied', left: { state: 'absent' } });
    expect(kept()).toBeUndefined();
  });

  it('an install puts the definition of before back, byte for byte, and does not start what was stopped', async () => {
    const { supervisor, planInstall, apply, kind, kept } = setUp();
    supervisor.put(WEB, { definition: 'ö\r\n\0', state: 'stopped' });
    const { step, captured } = await apply(await planInstall('two'));
    await kind.undo(step, captured, context);
    expect(kept()).toMatchObject({ definition: 'ö\r\n\0', state: 'stopped' });
  });

  it('fails where it does not come about, and where nobody knows', async () => {
    const { supervisor, plan, apply, kind } = setUp();
    supervisor.put(WEB, { state: 'running' });
    const { step, captured } = await apply(await plan('stop'));
    supervisor.refusal = 'no';
    expect(await kind.undo(step, captured, context)).toMatchObject({ code: 'undo-failed', message: 'no' });
    supervisor.garbage = 'garbage';
    expect(await kind.undo(step, captured, context)).toMatchObject({ outcome: 'failed', code: 'undo-failed' });
    expect(supervisor.orders).toEqual(['bring stopped pm2/web']);
  });
});

describe('after a crash', () => {
  it.each([
    ['stop', 'running', 'stopped', 'done'],
    ['stop', 'running', 'running', 'not-done'],
    ['stop', 'running', 'waiting', 'unknown'],
    ['start', 'stopped', 'running', 'done'],
    ['start', 'stopped', 'stopped', 'not-done'],
    ['restart', 'stopped', 'running', 'done'],
    ['restart', 'stopped', 'stopped', 'not-done'],
    ['restart', 'stopped', 'waiting', 'unknown'],
    ['restart', 'running', 'stopped', 'unknown'],
  ] as const)('the %s of what was %s and is %s: %s', async (verb, before, after, answer) => {
    const { supervisor, plan, kind } = setUp();
    supervisor.put(WEB, { state: before });
    const step = await plan(verb);
    const captured = await kind.capture(step);
    supervisor.put(WEB, { state: after });
    expect(await kind.reconcile(step, captured, context)).toBe(answer);
  });

  it('a restart is done where another run of it runs', async () => {
    const { supervisor, plan, kind } = setUp();
    supervisor.put(WEB, { run: 1 });
    const step = await plan('restart');
    const captured = await kind.capture(step);
    expect(await kind.reconcile(step, captured, context)).toBe('not-done');
    supervisor.put(WEB, { run: 2 });
    expect(await kind.reconcile(step, captured, context)).toBe('done');
  });

  it('nobody knows where the supervisor does not', async () => {
    const { supervisor, plan, kind } = setUp();
    supervisor.put(WEB, {});
    const step = await plan('restart');
    const captured = await kind.capture(step);
    supervisor.garbage = 'garbage';
    expect(await kind.reconcile(step, captured, context)).toBe('unknown');
  });
});

describe('the preview', () => {
  it.each([
    ['start', 'stopped', 'pm2/web: stopped -> running'],
    ['restart', 'running', 'pm2/web: running -> running, in another run'],
    ['stop', 'stopped', 'pm2/web is already so'],
  ] as const)('of %s for what is %s', async (verb, before, text) => {
    const { supervisor, plan, kind } = setUp();
    supervisor.put(WEB, { state: before });
    expect(await kind.preview(await plan(verb))).toBe(text);
  });

  it('shows what becomes of the definition', async () => {
    const { supervisor, plan, planInstall, kind } = setUp();
    expect(await kind.preview(await planInstall('a\n'))).toContain('pm2/web: absent -> running\n--- /dev/null\n');
    supervisor.put(WEB, { definition: 'a\nb\n' });
    expect(await kind.preview(await planInstall('a\nc\n'))).toContain('\n a\n-b\n+c');
    expect(await kind.preview(await plan('remove'))).toContain('running -> absent\n--- pm2/web\n+++ /dev/null\n');
  });

  it('says where nobody knows', async () => {
    const { supervisor, plan, kind } = setUp();
    supervisor.garbage = 'garbage';
    expect(await kind.preview(await plan('stop'))).toBe('pm2/web: unknown (garbage) -> stopped');
  });
});
