import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive, TestHome } from './test-home.ts';

const ROOT = join(import.meta.dirname, '../..');

interface Listed {
  pid: number;
  pm2_env: { status: string; restart_time: number; exit_code?: number };
}

let home: TestHome;

function pm2(...args: string[]) {
  const env = { PM2_HOME: home.path('pm2'), OPS_HOME: home.root };
  return execa('pm2', args, { cwd: ROOT, preferLocal: true, env, forceKillAfterDelay: false });
}

async function listed(): Promise<Listed> {
  const { stdout } = await pm2('jlist');
  return JSON.parse(stdout.slice(stdout.indexOf('[{')))[0];
}

const sleeping = (mark: string, seconds: number) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', `touch ${mark}; sleep ${seconds}`], undo: ['true'] },
});
const daemonPid = (): number => home.state?.pid ?? Number.NaN;

beforeAll(async () => {
  home = await TestHome.make();
  await pm2('start', 'ecosystem.config.js');
  await home.ready();
});
afterAll(async () => {
  await pm2('kill');
  await home[Symbol.asyncDispose]();
}, 60_000);

describe('under pm2', () => {
  it('runs the daemon with the pinned Node, and a task', async () => {
    const { pid, pm2_env } = await listed();
    expect(pm2_env.status).toBe('online');
    expect(realpathSync(`/proc/${pid}/exe`)).toBe(realpathSync(join(ROOT, 'node_modules/node/bin/node')));
    await home.submit(home.task('pm2-1', [sleeping(home.path('mark-1'), 0)]));
    expect((await home.report('pm2-1')).ops_output.status).toBe('completed');
  });

  it('F12: lets a 10-second command end when it is stopped, and stays stopped', async () => {
    const mark = home.path('mark-2');
    await home.submit(home.task('pm2-2', [sleeping(mark, 10)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    const pid = daemonPid();
    await pm2('stop', 'savorg-ops');
    expect([isAlive(pid), (await listed()).pm2_env]).toEqual([
      false,
      expect.objectContaining({ status: 'stopped', exit_code: 0 }),
    ]);
    await pm2('start', 'savorg-ops');
    await home.ready();
    expect((await home.report('pm2-2')).ops_output.status).toBe('completed');
  }, 60_000);

  it.each(['restart', 'reload'])(
    'comes back with another pid after %s',
    async (verb) => {
      const pid = daemonPid();
      await pm2(verb, 'savorg-ops');
      await expect.poll(() => home.state?.state === 'ready' && home.state.pid !== pid, { timeout: 15_000 }).toBe(true);
      expect(isAlive(pid)).toBe(false);
    },
    60_000,
  );

  it('is started again after a crash, and tells what the crash interrupted', async () => {
    const mark = home.path('mark-3');
    await home.submit(home.task('pm2-3', [sleeping(mark, 1000)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    process.kill(daemonPid(), 'SIGKILL');
    expect((await home.report('pm2-3')).evidence.outcome).toBe('interrupted');
  }, 60_000);

  it('leaves no process when it is deleted', async () => {
    const pid = daemonPid();
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
    expect(children.length).toBeGreaterThan(0);
    await pm2('delete', 'savorg-ops');
    await expect.poll(() => [pid, ...children].filter(isAlive), { timeout: 15_000 }).toEqual([]);
  }, 60_000);
});
