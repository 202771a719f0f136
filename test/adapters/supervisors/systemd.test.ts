import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemdSupervisor } from '../../../src/adapters/supervisors/systemd.ts';
import type { Supervisor } from '../../../src/services/host.ts';
import { describeAsRoot } from '../../doubles/as-root.ts';
import { temporaryFolder } from '../../services/support.ts';
import { serviceHost } from '../../support/service-host.ts';

const DOUBLE = join(import.meta.dirname, '../../doubles/systemd');
const WEB = { supervisor: 'systemd', unit: 'web.service' } as const;
const unit = (program = '/bin/sleep 1000') =>
  `[Service]\nExecStart=${program}\n\n[Install]\nWantedBy=multi-user.target\n`;

let folder: string;
let supervisor: Supervisor;
let host: ReturnType<typeof serviceHost>;

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, 'units'));
  vi.stubEnv('PATH', `${DOUBLE}${delimiter}${process.env['PATH']}`);
  vi.stubEnv('SYSTEMD_DOUBLE', folder);
  supervisor = systemdSupervisor({ units: join(folder, 'units'), folder });
  host = serviceHost('systemd', supervisor, folder);
});

afterEach(() => void vi.unstubAllEnvs());

const fail = (exitCode: number, text: string) => writeFileSync(join(folder, 'fault'), `${exitCode}\n${text}\n`);

describeAsRoot('services under systemd, by its double', () => {
  it('installs, replaces and removes a unit, and puts it back byte for byte', async () => {
    const first = await host.run('install', { ...WEB, text: unit() });
    expect(first.effect).toMatchObject({ outcome: 'applied', left: { state: 'running', enabled: true } });
    const second = await host.run('install', { ...WEB, text: unit('/bin/cat') });
    expect(second.effect.outcome).toBe('applied');
    expect(await second.undo()).toMatchObject({ message: 'as it was', left: { state: 'running', enabled: true } });
    expect(readFileSync(join(folder, 'units/web.service'), 'utf8')).toBe(unit());
    const removed = await host.run('remove', WEB);
    expect(await supervisor.look(WEB)).toEqual({ state: 'absent' });
    expect(await removed.undo()).toMatchObject({ message: 'as it was' });
    expect(await first.undo()).toMatchObject({ left: { state: 'absent' } });
  });

  it('stops, starts and restarts, and leaves what starts with the host', async () => {
    await host.run('install', { ...WEB, text: unit() });
    const stopped = await host.run('stop', WEB);
    expect(stopped.effect).toMatchObject({ outcome: 'applied', left: { state: 'stopped', enabled: true } });
    expect((await host.run('start', WEB)).effect.outcome).toBe('applied');
    const { effect, reconcile } = await host.run('restart', WEB);
    expect([effect.outcome, await reconcile()]).toEqual(['applied', 'done']);
  });

  it('says of what fails that it is stopped', async () => {
    const { effect } = await host.run('install', { ...WEB, text: unit('/bin/false') });
    expect(effect).toMatchObject({ outcome: 'failed', health: [{ status: 'down' }] });
    expect(effect.message).toContain('failed (failed)');
  });
});

describe('what systemctl says', () => {
  it.each([
    [1, 'it failed', 'exit code 1: it failed'],
    [3, 'dead', 'exit code 3, it does not run: dead'],
    [4, 'Access denied', 'exit code 4, not allowed, or there is no such unit: Access denied'],
    [5, 'not loaded', 'exit code 5, there is no such unit: not loaded'],
  ])('with %i of an order is told', async (exitCode, text, message) => {
    fail(exitCode, text);
    await expect(supervisor.restart(WEB, {} as never)).rejects.toThrow(message);
  });

  it.each([
    ['LoadState=masked\nActiveState=inactive', 'masked, inactive'],
    ['LoadState=loaded\nActiveState=deactivating', 'loaded, deactivating'],
    ['garbage', 'nothing, '],
  ])('is unknown where it is %j', async (text, says) => {
    fail(0, text);
    expect(await supervisor.look(WEB)).toEqual({ state: 'unknown', says: expect.stringContaining(says) });
  });

  it('is unknown without a systemd that runs', async () => {
    fail(1, 'System has not been booted with systemd as init system');
    const says = expect.stringContaining('has not been booted with systemd');
    expect(await supervisor.look(WEB)).toEqual({ state: 'unknown', says });
  });
});
