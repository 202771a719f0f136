import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { TestHome } from './test-home.ts';

const ROOT = join(import.meta.dirname, '../..');
const HOUR = 3600_000;

const shell = (script: string) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/true'] },
});

/** A home whose daemon's clock can be set. */
async function hostWithClock() {
  const home = await TestHome.make();
  const setBy = home.path('clock-set-by');
  const setClockBy = (ms: number) => writeFileSync(setBy, String(ms));
  setClockBy(0);
  const start = async () => {
    const argv = [
      '--import',
      join(ROOT, 'test/fixtures/clock/shifted.ts'),
      join(ROOT, 'src/main.ts'),
      '--home',
      home.root,
    ];
    const daemon = execa(process.execPath, argv, {
      env: { CLOCK_SET_BY: setBy },
      reject: false,
      stdin: 'ignore',
      forceKillAfterDelay: false,
    });
    await home.ready(() => daemon.nodeChildProcess.exitCode);
    const end = async () => {
      daemon.kill('SIGTERM');
      expect((await daemon).exitCode).toBe(0);
    };
    return { signal: (name: 'SIGSTOP' | 'SIGCONT') => daemon.kill(name), end };
  };
  const lines = () =>
    readFileSync(home.home.var.log, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: number; event: string; reason: string | null });
  const events = (name: string) => lines().filter(({ event }) => event === name);
  return { home, setClockBy, start, events };
}

describe('a host that sleeps for 10 minutes', () => {
  it('F49: begins no step that was vetoed meanwhile, and tells of the gap once', async () => {
    const { home: owned, setClockBy, start, events } = await hostWithClock();
    await using home = owned;
    const daemon = await start();
    const [mark, go, never] = [home.path('mark'), home.path('go'), home.path('never')];
    const first = shell(`touch ${mark}; while [ ! -e ${go} ]; do sleep 0.05; done`);
    await home.submit(home.task('sleeps', [first, shell(`touch ${never}`)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    daemon.signal('SIGSTOP');
    await home.control('veto', 'security', 'task:sleeps');
    setClockBy(600_000);
    writeFileSync(go, '');
    daemon.signal('SIGCONT');
    expect((await home.report('sleeps')).evidence.outcome).toBe('vetoed');
    expect(existsSync(never)).toBe(false);
    await home.submit(home.task('good', [shell('true')]));
    expect((await home.report('good')).evidence.outcome).toBe('completed');
    expect(events('time-gap')).toMatchObject([{ level: 40, reason: expect.stringContaining('by the clock 60') }]);
    await daemon.end();
    expect((await home.ops('audit', 'verify')).stdout).toContain('whole');
  }, 40_000);
});

describe('a clock that was wrong for a while', () => {
  it('T7, F48: is told, and has tasks refused until the operator accepts it', async () => {
    const { home: owned, setClockBy, start, events } = await hostWithClock();
    await using home = owned;
    const daemon = await start();
    expect((await home.ops('clock', 'accept')).stderr).toMatch(/the clock is not behind .*, the latest time seen here/);
    setClockBy(3 * HOUR);
    await home.submit(home.task('early', [shell('true')]));
    expect((await home.report('early')).evidence.reason).toBe('token-expired');
    setClockBy(0);
    await home.submit(home.task('late', [shell('true')]));
    expect((await home.report('late')).evidence.reason).toBe('clock');
    const alerts = home.queue('ops-alerts');
    const codes = async () => (await alerts.getJobs()).map(({ data }) => data.alert.code);
    await expect.poll(codes, { timeout: 8_000 }).toEqual(['clock']);
    expect((await home.ops('clock', 'accept')).stdout).toMatch(/^operator@mini-1: .*Z is right, .*Z was not$/);
    await home.submit(home.task('good', [shell('true')]));
    expect((await home.report('good')).evidence.outcome).toBe('completed');
    expect(events('clock-accepted')).toHaveLength(1);
    await daemon.end();
  }, 40_000);

  it('F48: may be accepted while no daemon runs; the next one hears of it before it takes a task', async () => {
    const { home: owned, setClockBy, start, events } = await hostWithClock();
    await using home = owned;
    setClockBy(3 * HOUR);
    await (await start()).end();
    setClockBy(0);
    expect((await home.ops('clock', 'accept')).stdout).toMatch(/ was not; the daemon hears of it when it starts$/);
    const daemon = await start();
    await home.submit(home.task('good', [shell('true')]));
    expect((await home.report('good')).evidence.outcome).toBe('completed');
    expect(events('clock-accepted')).toHaveLength(1);
    expect(existsSync(home.home.var.clockRequest)).toBe(false);
    await daemon.end();
    expect((await home.ops('audit', 'verify')).stdout).toContain('whole');
  }, 40_000);
});
