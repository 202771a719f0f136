import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pm2Process, parseList } from '../../src/adapters/supervisors/pm2-program.ts';
import type { Task } from '../../src/contract/task.ts';
import { condemn } from '../fuzz/death.ts';
import { isAlive, TestHome } from './test-home.ts';

const WORKER = { supervisor: 'pm2', name: 'worker' };
const APP = { script: '/bin/sleep', args: ['1000'], interpreter: 'none' };
const BIN = join(import.meta.dirname, '../../node_modules/.bin');
const own = mkdtempSync(join(tmpdir(), 'ops-pm2-'));
const env = { PATH: `${BIN}${delimiter}${process.env['PATH']}`, OPS_DASHBOARD: 'off', HOME: own };

let home: TestHome;

const pm2 = (...args: string[]) => execa('pm2', args, { env, extendEnv: false });
const worker = async () => parseList((await pm2('jlist')).stdout)[0] as Pm2Process;

/** Has this done to the worker; the report. */
async function done(id: string, verb: string, service: object = WORKER): Promise<{ task: Task; report: TestReport }> {
  const task = home.task(id, [{ action: `config.service.${verb}`, with: { service } }]);
  await home.submit(task);
  return { task, report: await home.report(id, 1, 30_000) };
}
type TestReport = Awaited<ReturnType<TestHome['report']>>;

beforeAll(async () => {
  home = await TestHome.make(env, { mortal: true });
  const verbs = ['install', 'restart', 'stop'].map((verb) => `config.service.${verb}`);
  const services = `services: [pm2/worker, pm2/later]\n    binaries: [/bin/sleep, ${home.path('later')}]`;
  const rule = `  - actions: [${verbs.join(', ')}]\n    environments: [staging]\n    hosts: [mini-1]\n    ${services}\n`;
  writeFileSync(home.home.etc.policy, `allow:\n${rule}`);
  await home.start();
}, 60_000);
afterAll(async () => {
  await pm2('kill');
  await home[Symbol.asyncDispose]();
  rmSync(own, { recursive: true });
}, 60_000);

describe('a service, by tasks', () => {
  it('F55: is installed, started anew though it was killed, not restarted twice by a crash, and taken back', async () => {
    const install = await done('install', 'install', { ...WORKER, app: APP });
    expect(install.report.ops_output).toMatchObject({
      status: 'completed',
      actions_taken: [{ action: 'install pm2/worker', target: 'mini-1/service:pm2/worker', result: 'success' }],
      health_checks: [{ service: 'pm2/worker', endpoint: 'pm2', status: 'healthy' }],
    });

    const first = await worker();
    process.kill(first.pid, 'SIGKILL');
    await expect.poll(async () => (await worker()).pid, { timeout: 15_000 }).not.toBe(first.pid);
    condemn(home.root, { at: 'done', hit: 1, victims: ['daemon'] });
    const restart = home.task('restart', [{ action: 'config.service.restart', with: { service: WORKER } }]);
    await home.submit(restart);
    await home.died();
    const restarted = await worker();
    await home.start();
    const { evidence } = await home.report('restart', 1, 30_000);
    expect(evidence).toMatchObject({ outcome: 'completed', steps: [{ outcome: 'applied' }] });
    expect((await worker()).pid).toBe(restarted.pid);

    const stop = await done('stop', 'stop');
    expect([stop.report.evidence.outcome, isAlive(restarted.pid)]).toEqual(['completed', false]);
    const undo = home.undo('undo-stop', stop.task);
    await home.submit(undo, ['manager']);
    expect((await home.report('undo-stop', 1, 30_000)).evidence.outcome).toBe('completed');
    expect((await worker()).pm2_env.status).toBe('online');
  }, 120_000);

  it('is defined before its program is there, and runs once that came and it is restarted', async () => {
    const later = { supervisor: 'pm2', name: 'later' };
    const app = { script: home.path('later'), interpreter: 'none' };
    const action = { action: 'config.service.install', with: { service: { ...later, app }, stopped: true } };
    await home.submit(home.task('define', [action]));
    const { ops_output } = await home.report('define', 1, 30_000);
    expect(ops_output).toMatchObject({
      status: 'completed',
      health_checks: [{ service: 'pm2/later', status: 'healthy' }],
    });
    writeFileSync(home.path('later'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
    const { report } = await done('restart-later', 'restart', later);
    expect(report.evidence.outcome).toBe('completed');
    const all = parseList((await pm2('jlist')).stdout).map(({ name, pm2_env }) => [name, pm2_env.status]);
    expect(all).toContainEqual(['later', 'online']);
  }, 60_000);

  it('that policy does not name is refused, with the lines that would allow it', async () => {
    const { report } = await done('other', 'stop', { supervisor: 'pm2', name: 'other' });
    expect(report.evidence).toMatchObject({ outcome: 'refused', reason: 'not-allowed' });
    expect(report.ops_output.blockers[0]?.message).toContain('services: ["pm2/other"]');
  }, 60_000);
});
