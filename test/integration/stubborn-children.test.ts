import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryOf, processesOf, TestHome } from './test-home.ts';
import { until } from './until.ts';

let home: TestHome;

beforeAll(async () => {
  home = await TestHome.make({ CANARY_OF_THE_DAEMON: 'must-not-be-inherited' });
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

const command = (script: string, more: Record<string, unknown> = {}) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], ...more },
  irreversible: true,
});

function runnerPid(): number {
  const children = readFileSync(`/proc/${home.pid}/task/${home.pid}/children`, 'utf8').trim().split(' ').map(Number);
  const runner = children.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('runner/main'));
  if (!runner) throw new Error('the daemon has no runner');
  return runner;
}

describe('a child', () => {
  it('F38: that ignores SIGTERM is killed after its grace', async () => {
    const mark = home.path('ignores');
    await home.submit(
      home.task('ignores', [
        command(`trap '' TERM; echo on > ${mark}; while :; do sleep 0.1; done`, { timeout_ms: 500 }),
      ]),
    );
    await until('its start', () => existsSync(mark));
    expect(processesOf('ignores')).not.toEqual([]);
    const report = await home.report('ignores');
    expect(report.ops_output.blockers[0]?.code).toBe('timeout');
    expect(processesOf('ignores')).toEqual([]);
  });

  it.each([
    ['background', 'sleep 1000 & echo done'],
    ['detached', 'setsid -f sleep 1000; echo done'],
    ['deaf', "(trap '' TERM HUP; exec setsid sleep 1000) & sleep 0.2; echo done"],
  ])('F40: that leaves a %s process holding its output ends, and so does that process', async (id, script) => {
    await home.submit(home.task(id, [command(script)]));
    const report = await home.report(id, 1, 8_000);
    expect(report.ops_output.status).toBe('completed');
    expect([report.evidence.left_running, processesOf(id)]).toEqual([[], []]);
  });

  it('F43, T26: that prints 1 GB without a newline ends at its limit, and costs neither process 50 MB', async () => {
    const runner = runnerPid();
    const before = [memoryOf(home.pid, 'VmRSS'), memoryOf(runner, 'VmRSS')] as const;
    const limit = 128 * 1024 * 1024;
    await home.submit(
      home.task('flood', [command('head -c 1073741824 /dev/zero | tr "\\0" x', { output_limit_bytes: limit })]),
    );
    const report = await home.report('flood');
    expect(report.ops_output.blockers[0]?.code).toBe('output-limit');
    expect(memoryOf(home.pid, 'VmHWM') - before[0]).toBeLessThan(50 * 1024 * 1024);
    expect(memoryOf(runner, 'VmHWM') - before[1]).toBeLessThan(50 * 1024 * 1024);
    expect(statSync(join(home.home.var.output, 'flood.log')).size).toBeLessThanOrEqual(limit);
  });

  it('finds the allowed environment and no more', async () => {
    await home.submit(home.task('env', [command('env; ls /proc/self/fd | wc -l', { env: { GREETING: 'hello' } })]));
    await home.report('env');
    const output = readFileSync(join(home.home.var.output, 'env.log'), 'utf8').trim().split('\n');
    const names = output.map((line) => line.split('=')[0] ?? '');
    expect(output).toContain('GREETING=hello');
    expect(output).toContain('HISTFILE=/dev/null');
    expect(output).toContain('OPS_TASK_ID=env');
    expect(output.join('\n')).not.toContain('must-not-be-inherited');
    const allowed = new Set([
      'PATH',
      'HOME',
      'LANG',
      'LC_ALL',
      'TZ',
      'USER',
      'LOGNAME',
      'TMPDIR',
      'GREETING',
      'HISTFILE',
      'OPS_TASK_ID',
      'PWD',
      'SHLVL',
      '_',
      'OLDPWD',
    ]);
    expect(names.filter((name) => /^[A-Z_]+$/.test(name) && !allowed.has(name))).toEqual([]);
  });

  it('F43, T25: that prints control sequences leaves none of them', async () => {
    await home.submit(
      home.task('ansi', [command(String.raw`printf '\033[31mred\033[0m \033]52;c;Zm9v\007\302\205 end\n'`)]),
    );
    await home.report('ansi');
    expect(readFileSync(join(home.home.var.output, 'ansi.log'), 'utf8')).toBe('red  end\n');
  });

  it('T24: cannot print a password or key of the daemon into any sink', async () => {
    const passwords = [
      decodeURIComponent(new URL(home.url).password),
      readFileSync(home.home.var.dashboardPassword, 'utf8').trim(),
    ];
    // Where a careless operator left a copy: the originals are hidden from commands.
    const copies = home.folder('copies');
    for (const path of ['redis/url', 'dashboard.password', 'keys/host.key'])
      copyFileSync(join(home.home.var.dir, path), join(copies, basename(path)));
    const job = await home.submit(home.task('secret', [command(`cat ${copies}/*`)]));
    await home.report('secret');
    const { logs } = await home.queue('ops-mini-1').getJobLogs(job.id ?? '');
    const sinks = [
      readFileSync(join(home.home.var.output, 'secret.log'), 'utf8'),
      logs.join('\n'),
      readFileSync(home.home.var.log, 'utf8'),
    ];
    expect(sinks.join('\n')).toContain('[secret]');
    for (const secret of [...passwords, home.key('host').d]) expect(sinks.join('\n')).not.toContain(secret);
    expect(existsSync(home.home.var.log)).toBe(true);
  });
});
