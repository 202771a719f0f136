import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type PlistValue } from 'plist';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/adapters/clock.ts';
import { refusalOf } from '../../../src/adapters/launchctl-codes.ts';
import { launchdSupervisor } from '../../../src/adapters/supervisors/launchd.ts';
import { coerceError } from '../../../src/errors.ts';
import type { PresentService } from '../../../src/planning/facts.ts';
import type { Supervisor } from '../../../src/services/host.ts';
import { describeAsRoot } from '../../doubles/as-root.ts';
import { Mac } from '../../doubles/mac.ts';
import { serviceHost } from '../../support/service-host.ts';

const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };
const label = 'com.example.web';
const WEB = { supervisor: 'launchd', label } as const;
const plistOf = (more: Record<string, PlistValue> = {}) =>
  `${build({ Label: label, ProgramArguments: ['/bin/sleep', '1000'], ...more })}\n`;
/** Runs as soon as it is taken in, and whenever it ends. */
const SERVER = plistOf({ KeepAlive: true, ThrottleInterval: 0, ExitTimeOut: 1 });
/** Runs when it is asked to. */
const JOB = plistOf({ ThrottleInterval: 0 });

const RUNS = { state: 'running', enabled: true } as const;
/** Each look is two programs. */
const SLOW = { timeout: 15_000 };

/** As in the table of launchctl's codes. */
const CODES = [3, 5, 17, 36, 107, 108, 109, 110, 111, 112, 113, 119, 122, 124, 125, 126, 133, 134, 144, 146, 150];
CODES.push(152, 155, 159, 161);

// Each call of the double's launchctl starts a Node, and a look is two: half a second each on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

describeAsRoot('services under launchd, by its double', () => {
  let mac: Mac;
  let path: string | undefined;
  let supervisor: Supervisor;
  let host: ReturnType<typeof serviceHost>;

  beforeAll(async () => {
    mac = await Mac.start();
    path = process.env['PATH'];
    process.env['PATH'] = mac.env.PATH;
    const ports = { clock: systemClock, launchDaemons: mac.launchDaemons, folder: mac.folder };
    supervisor = launchdSupervisor(ports);
    host = serviceHost('launchd', supervisor, mac.folder);
  });
  afterEach(async () => {
    await supervisor.remove(WEB, context);
  });
  afterAll(async () => {
    process.env['PATH'] = path;
    await mac[Symbol.asyncDispose]();
  });

  const file = () => join(mac.launchDaemons, `${label}.plist`);
  const state = async () => (await supervisor.look(WEB)).state;

  it("installs a service: its plist is root's, and it runs; its undo takes both away", async () => {
    const { effect, undo } = await host.run('install', { ...WEB, plist: SERVER });
    expect(effect).toMatchObject({ outcome: 'applied', health: [{ endpoint: 'launchd', status: 'healthy' }] });
    const { uid, gid, mode } = statSync(file());
    expect([readFileSync(file(), 'utf8'), uid, gid, mode & 0o7777]).toEqual([SERVER, 0, 0, 0o644]);
    expect(await undo()).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(await state()).toBe('absent');
  });

  it('starts a job that waits for its time, and has it wait again', async () => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    await supervisor.bring(WEB, { state: 'waiting', enabled: true }, context);
    expect(await state()).toBe('waiting');
    await supervisor.bring(WEB, RUNS, context);
    expect(await state()).toBe('running');
    await supervisor.bring(WEB, { state: 'waiting', enabled: true }, context);
    await expect.poll(state, SLOW).toBe('waiting');
  });

  it('replaces a service once the old one has ended', async () => {
    await supervisor.install(WEB, SERVER, RUNS, context);
    const before = await supervisor.look(WEB);
    await supervisor.install(WEB, `${SERVER}<!-- again -->`, RUNS, context);
    const after = await supervisor.look(WEB);
    expect([before.state, after.state]).toEqual(['running', 'running']);
    expect(after).not.toMatchObject({ definition: (before as PresentService).definition });
  });

  it('stops a service that launchd would start again, so that it stays down', async () => {
    await supervisor.install(WEB, SERVER, RUNS, context);
    await supervisor.bring(WEB, { state: 'stopped', enabled: true }, context);
    expect(await supervisor.look(WEB)).toMatchObject({ state: 'stopped', enabled: true, run: '' });
  });

  it('starts what is disabled, and leaves it so', async () => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    await mac.launchctl('disable', `system/${label}`);
    await supervisor.bring(WEB, { state: 'running', enabled: false }, context);
    expect(await supervisor.look(WEB)).toMatchObject({ state: 'running', enabled: false });
    await mac.launchctl('enable', `system/${label}`);
  });

  it('restarts: another run of it runs', async () => {
    await supervisor.install(WEB, SERVER, RUNS, context);
    const before = await supervisor.look(WEB);
    await supervisor.restart(WEB, context);
    await expect.poll(state, SLOW).toBe('running');
    expect(await supervisor.look(WEB)).not.toMatchObject({ run: (before as PresentService).run });
  });

  it('F55: says what launchd refused, and how the service stands', async () => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    const step = await host.plan('start', WEB);
    await mac.fail('bootstrap', { exitCode: 161, stderr: 'Bootstrap failed: 161: text' });
    const { effect } = await host.apply(step);
    expect(effect).toMatchObject({ outcome: 'failed', code: 'service-failed', left: { state: 'stopped' } });
    expect(effect.message).toContain('161, Background Task Management blocks it');
  });

  it.each(CODES)('F55: explains %i', async (exitCode) => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    await mac.fail('bootstrap', { exitCode, stderr: `Bootstrap failed: ${exitCode}: text` });
    const problem = await supervisor.bring(WEB, { state: 'waiting', enabled: true }, context).catch(coerceError);
    expect(problem?.message).toContain(`${exitCode}, ${refusalOf(exitCode).meaning}`);
    expect(problem?.message).toMatch(/what to do: [^<]+$/);
  });

  it('F55: takes 37 for done: it is in already', async () => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    await mac.launchctl('bootstrap', 'system', file());
    await mac.fail('print', { exitCode: 113 });
    await mac.fail('bootstrap', { exitCode: 37 });
    await supervisor.bring(WEB, { state: 'running', enabled: true }, context);
    expect(await state()).toBe('running');
  });

  it('F55: refuses to touch what launchd answers with garbage', async () => {
    writeFileSync(file(), JOB, { mode: 0o644 });
    await supervisor.bring(WEB, RUNS, context);
    const step = await host.plan('stop', WEB);
    // One answer for the capture, one for the step.
    await mac.fail('print', { stdout: 'garbage' });
    await mac.fail('print', { exitCode: 1, stderr: 'no idea' });
    const { effect } = await host.apply(step);
    expect(effect).toMatchObject({ outcome: 'refused', code: 'service-unknown' });
    expect(effect.message).toContain('launchctl print system/com.example.web said: no idea');
    expect(await state()).toBe('running');
  });

  it('does not know a service whose plist is no text', async () => {
    writeFileSync(file(), Buffer.from('bplist00\xff\xfe', 'latin1'));
    expect(await supervisor.look(WEB)).toMatchObject({
      state: 'unknown',
      says: expect.stringContaining('plutil -convert xml1'),
    });
    writeFileSync(file(), JOB);
  });
});
