import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { pm2Supervisor } from '../../../src/adapters/supervisors/pm2.ts';
import { parseList } from '../../../src/adapters/supervisors/pm2-program.ts';
import { isAlive } from '../../integration/test-home.ts';
import { temporaryFolder } from '../../services/support.ts';
import { serviceHost } from '../../support/service-host.ts';

const BIN = join(import.meta.dirname, '../../../node_modules/.bin');
/** Of pm2's own program each look is one. */
const SLOW = { timeout: 15_000 };
const WEB = { supervisor: 'pm2', name: 'web' } as const;
const app = (seconds = 1000) => ({ script: '/bin/sleep', args: [`${seconds}`], interpreter: 'none' });
const defined = (seconds?: number) => ({ ...WEB, app: app(seconds) });

const home = mkdtempSync(join(tmpdir(), 'ops-pm2-'));
const folder = join(home, 'services');
mkdirSync(folder);
const baseEnv = { PATH: `${BIN}${delimiter}${process.env['PATH']}`, HOME: home };
const supervisor = pm2Supervisor({ baseEnv, folder, runAs: null });
const host = serviceHost('pm2', supervisor, home);
const pm2 = (...args: string[]) => execa('pm2', args, { env: baseEnv, extendEnv: false, reject: false });

async function fact() {
  const seen = await supervisor.look(WEB);
  return seen as Extract<typeof seen, { run: string }>;
}
const pid = async () => Number.parseInt((await fact()).run, 10);
const definition = () => readFileSync(join(folder, 'web.json'), 'utf8');

afterAll(async () => {
  await pm2('kill');
  rmSync(home, { recursive: true });
}, 30_000);

describe('pm2', { timeout: 60_000 }, () => {
  afterEach(async () => {
    await supervisor.remove(WEB, {} as never);
  });

  it('is not started by a look', async () => {
    expect(await supervisor.look(WEB)).toEqual({ state: 'absent' });
    expect(readdirSync(home)).not.toContain('.pm2');
  });

  it('installs an app, which runs with the environment of the definition and no more', async () => {
    const { effect, undo } = await host.run('install', { ...WEB, app: { ...app(), env: { COLOUR: 'red' } } });
    expect(effect).toMatchObject({ outcome: 'applied', health: [{ service: 'pm2/web', status: 'healthy' }] });
    const environment = readFileSync(`/proc/${await pid()}/environ`, 'utf8').split('\0');
    expect(environment).toContain('COLOUR=red');
    expect(environment.filter((entry) => entry.startsWith('VITEST'))).toEqual([]);
    expect(await undo()).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(await supervisor.look(WEB)).toEqual({ state: 'absent' });
  });

  it('replaces an app, and puts the one of before back as it stood', async () => {
    const before = `${JSON.stringify({ apps: [{ name: 'web', ...app(1001) }] })}\n`;
    await supervisor.install(WEB, before, { state: 'stopped', enabled: false }, {} as never);
    const { effect, undo } = await host.run('install', defined(1002));
    expect(effect.outcome).toBe('applied');
    expect(readFileSync(`/proc/${await pid()}/cmdline`, 'utf8')).toBe('/bin/sleep\x001002\0');
    expect(await undo()).toMatchObject({ outcome: 'applied' });
    expect([definition(), (await fact()).state]).toEqual([before, 'stopped']);
  });

  it('undoes a removal', async () => {
    await host.run('install', defined());
    const before = definition();
    const { effect, undo } = await host.run('remove', WEB);
    expect(effect).toMatchObject({ outcome: 'applied', left: { state: 'absent' } });
    expect(await undo()).toMatchObject({ message: 'as it was', left: { state: 'running' } });
    expect(definition()).toBe(before);
  });

  it('F55: restarts, also what was killed behind its back, and tells after a crash whether it did', async () => {
    await host.run('install', defined());
    process.kill(await pid(), 'SIGKILL');
    await expect.poll(async () => (await fact()).state === 'running' && isAlive(await pid()), SLOW).toBe(true);
    const step = await host.plan('restart', WEB);
    const first = await pid();
    const { effect, reconcile, undo } = await host.apply(step);
    expect(effect.outcome).toBe('applied');
    expect([await reconcile(), isAlive(first)]).toEqual(['done', false]);
    expect(await undo()).toMatchObject({ outcome: 'applied', message: 'as it was' });
  });

  it('takes what dies at once for what it is', async () => {
    const { effect, undo } = await host.run('install', {
      ...WEB,
      app: { script: '/bin/false', interpreter: 'none', autorestart: false },
    });
    expect(effect).toMatchObject({ outcome: 'failed', code: 'service-failed', health: [{ status: 'down' }] });
    expect((await undo()).outcome).toBe('applied');
  });

  it('does not remove what somebody else defined', async () => {
    await pm2('start', '/bin/sleep', '--name', 'web', '--interpreter', 'none', '--', '1000');
    expect((await host.run('remove', WEB)).effect).toMatchObject({ outcome: 'refused', code: 'service-undefined' });
    expect((await host.run('stop', WEB)).effect.outcome).toBe('applied');
    await pm2('delete', 'web');
  });
});

describe('the list of pm2', () => {
  const process = { name: 'web', pm_id: 0, pid: 7, pm2_env: { status: 'online', restart_time: 0, pm_uptime: 1 } };

  it.each([
    ['alone', JSON.stringify([process])],
    ['after noise', `>>>> In-memory PM2 is out-of-date\n[PM2] Spawning PM2 daemon\n${JSON.stringify([process])}\n`],
  ])('is read %s', (_, text) => expect(parseList(text)).toEqual([process]));

  it.each(['', 'garbage', '[PM2] daemonized', '{"a":1}', '[{"name":1}]'])('is unknown where it is %j', (text) => {
    expect(() => parseList(text)).toThrow('cannot be understood');
  });

  it('T24: is not quoted where it is not understood: it has the variables of every app', () => {
    expect(() => parseList('[{"name":1,"DSN":"hunter2"}]')).toThrow(/^pm2 jlist said what cannot be understood$/);
  });

  it.each([
    ['stopping', { state: 'unknown' }],
    ['launching', { state: 'unknown' }],
    ['errored', { state: 'stopped' }],
    ['waiting restart', { state: 'waiting' }],
  ])('of an app that is %s is %j', async (status, expected) => {
    const place = temporaryFolder();
    const list = JSON.stringify([{ ...process, pm2_env: { ...process.pm2_env, status } }]);
    writeFileSync(join(place, 'pm2.pid'), `${globalThis.process.pid}`);
    writeFileSync(join(place, 'pm2'), '#!/bin/sh\necho "$LIST"\n', { mode: 0o755 });
    const env = { PATH: `${place}${delimiter}${baseEnv.PATH}`, PM2_HOME: place, LIST: list };
    expect(await pm2Supervisor({ baseEnv: env, folder: place, runAs: null }).look(WEB)).toMatchObject(expected);
  });

  it('T17: is not asked for where commands run as another user', async () => {
    const look = await pm2Supervisor({ baseEnv, folder, runAs: 'games' }).look(WEB);
    expect(look).toEqual({ state: 'unknown', says: expect.stringContaining("pm2's apps would run as the daemon") });
  });

  it('is unknown where pm2 refuses, and where there is none', async () => {
    const place = temporaryFolder();
    writeFileSync(join(place, 'pm2.pid'), `${globalThis.process.pid}`);
    const look = () =>
      pm2Supervisor({ baseEnv: { PATH: place, PM2_HOME: place }, folder: place, runAs: null }).look(WEB);
    expect(await look()).toEqual({ state: 'unknown', says: `there is no pm2 on the daemon's PATH: ${place}` });
    writeFileSync(join(place, 'pm2'), '#!/bin/sh\necho no >&2\nexit 1\n', { mode: 0o755 });
    expect(await look()).toEqual({ state: 'unknown', says: 'pm2 jlist: no' });
  });
});
