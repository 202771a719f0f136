import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { homeAt } from '../../src/home.ts';
import { NO_ROOT_WORK } from '../../src/install/root-work.ts';
import { sudoersDropIn } from '../../src/install/sudoers.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { script } from '../fixtures/commands/commands.ts';
import { isAlive, TestHome } from './test-home.ts';
import { until } from './until.ts';

/** A user that every Debian has, and nothing runs as. */
const OTHER = 'games';
const AS_ANOTHER = script('as-another.ts');

const SERVICES = `
  - actions: [config.service.start]
    environments: [staging]
    hosts: [mini-1]
    services: [command/prying]
    binaries: [/]
    paths: [/]
`;

/** What $1, a process of the same user outside of the sandbox, would give away. */
const PRYING = `for part in root/etc cwd/etc environ mem fd/0; do
  head -c 1 "/proc/$1/$part" > /dev/null 2>&1 || ls "/proc/$1/$part/" > /dev/null 2>&1
  test $? = 0 && echo "saw $part"
done
nsenter --target "$1" --mount true 2> /dev/null && echo entered
unshare --user --map-root-user true 2> /dev/null && echo became root
sudo -n -u games true 2>&1 | grep -o "no new privileges"
kill -0 "$1" && echo end`;

async function homeOfTwoUsers(): Promise<TestHome> {
  const test = await TestHome.make();
  const { runner, etc } = test.home;
  const uid = Number((await execa('id', ['-u', OTHER])).stdout);
  for (const folder of [test.root, etc.dir]) chmodSync(folder, 0o755);
  for (const folder of [runner.dir, runner.home]) {
    mkdirSync(folder);
    chownSync(folder, uid, 0);
  }
  chmodSync(runner.dir, 0o2770);
  appendFileSync(etc.ops, `run_as: ${OTHER}\n`);
  appendFileSync(etc.policy, SERVICES);
  return test;
}

const runnerPid = (home: TestHome): number =>
  (JSON.parse(readFileSync(join(home.home.runner.dir, 'runner.json'), 'utf8')) as { pid: number }).pid;

describeAsRoot('commands that run as another user than the daemon', () => {
  let home: TestHome;
  let tasks = 0;
  beforeAll(async () => {
    home = await homeOfTwoUsers();
    await home.start();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  async function run(text: string, ...args: string[]) {
    tasks += 1;
    const task = home.task(`run-${tasks}`, [
      { action: 'infra.command', with: { argv: ['/bin/sh', '-c', text, 'sh', ...args] }, irreversible: true },
    ]);
    await home.submit(task);
    const report = await home.report(task.task_id);
    return { report, output: readFileSync(join(home.home.var.output, `${task.task_id}.log`), 'utf8') };
  }

  it('T17: have its name, its home, and no other group', async () => {
    const { output } = await run('id -un; id -Gn; echo $HOME $USER; umask');
    expect(output.split('\n')).toEqual([OTHER, OTHER, `${home.home.runner.home} ${OTHER}`, '0077', '']);
  });

  it('T17, T18: cannot read the keys, the ledger or the password of Redis, nor write anywhere in the home', async () => {
    const files = readdirSync(home.root, { recursive: true, encoding: 'utf8' })
      .filter((name) => /^(?:var|keys)\b|\.key$/.test(name))
      .map((name) => join(home.root, name));
    for (const name of ['var/keys/host.key', 'var/ledger.db', 'var/run/redis-url', 'etc/operator.key'])
      expect(files).toContain(join(home.root, name));
    const { output } = await run(
      'for f; do head -c 1 "$f" >/dev/null 2>&1 && echo "read $f"; (echo >>"$f") 2>/dev/null && echo "wrote $f"; done; echo end',
      ...files,
    );
    expect(output).toBe('end\n');
  });

  it('T18: cannot end the daemon', async () => {
    const { report } = await run('kill -9 "$1"', String(home.pid));
    expect(report.evidence).toMatchObject({ outcome: 'failed', reason: 'command-failed' });
    expect(home.isReady).toBe(true);
  });

  it.each([false, true])('T18: get nothing by sudo, su or cron, with the network: %s', async (network) => {
    const text =
      'sudo -n -l; sudo -n -u root id; su -c id root </dev/null; (umask 0; crontab -l; cat /run/sudo/ts/*) 2>&1; id -u';
    const task = home.task(`sudo-${network}`, [
      {
        action: 'infra.command',
        with: { argv: ['/bin/sh', '-c', text], ...(network && { network }) },
        irreversible: true,
      },
    ]);
    await home.submit(task);
    await home.report(task.task_id);
    const output = readFileSync(join(home.home.var.output, `${task.task_id}.log`), 'utf8');
    expect(output.match(/"no new privileges" flag is set/g)).toHaveLength(2);
    expect(output).not.toMatch(/uid=0|NOPASSWD|^\* /m);
    expect(output).toMatch(/\n[1-9]\d*\n$/);
  });

  it('T18: that start a service see the runner, and can neither read nor debug it, nor leave their sandbox by it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ops-prying-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o777);
    const log = join(folder, 'log');
    const start = ['/bin/sh', '-c', `exec > ${log}; ${PRYING}`, 'sh', String(runnerPid(home))];
    const service = {
      supervisor: 'command',
      name: 'prying',
      start,
      stop: ['true'],
      status: ['/bin/sh', '-c', `test -e ${log} || exit 3`],
      writes: [folder],
    };
    const task = home.task('prying', [{ action: 'config.service.start', with: { service } }]);
    await home.submit(task);
    await home.report('prying');
    expect(readFileSync(log, 'utf8')).toBe('no new privileges\nend\n');
  });

  it('end with a veto, also where they ignore TERM', async () => {
    const task = home.task('endless', [
      {
        action: 'infra.command',
        with: { argv: ['/bin/sh', '-c', 'trap "" TERM; echo on; while :; do sleep 1; done'] },
        irreversible: true,
      },
    ]);
    await home.submit(task);
    await until('its output', () => existsSync(join(home.home.var.output, 'endless.log')));
    await home.control('veto', 'security', 'task:endless');
    expect((await home.report('endless')).evidence).toMatchObject({ outcome: 'vetoed', left_running: [] });
  });

  it('F4: are ended by the next daemon, and so is the runner', async () => {
    const task = home.task('orphaned', [
      { action: 'infra.command', with: { argv: ['/bin/sh', '-c', 'echo on; exec sleep 4711'] }, irreversible: true },
    ]);
    await home.submit(task);
    await until('its output', () => existsSync(join(home.home.var.output, 'orphaned.log')));
    const runner = runnerPid(home);
    await home.kill();
    await home.start();
    expect((await home.report('orphaned')).evidence).toMatchObject({ outcome: 'interrupted', left_running: [] });
    const left = await execa('pgrep', ['-f', 'sleep 4711'], { reject: false });
    expect(left.stdout).toBe('');
    expect(isAlive(runner)).toBe(false);
    await run('echo on');
    expect(isAlive(runnerPid(home))).toBe(true);
  });
});

/** In a mount namespace of its own, where sudo's rules are those that `ops sudoers` prints. */
const WITH_RULES =
  'mount --bind "$1" /etc/sudoers.d && shift && exec setpriv --reuid=www-data --regid=www-data --init-groups "$@"';

describeAsRoot('a daemon that is not root', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ops-sudo-'));
  const rules = join(folder, 'sudoers.d');
  beforeAll(async () => {
    const { runner } = homeAt(folder);
    mkdirSync(rules);
    chmodSync(folder, 0o755);
    mkdirSync(runner.dir);
    const [uid = 0, gid = 0] = (await execa('sh', ['-c', `id -u ${OTHER}; id -g www-data`])).stdout
      .split('\n')
      .map(Number);
    chownSync(runner.dir, uid, gid);
    chmodSync(runner.dir, 0o2770);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const daemon = () =>
    execa('unshare', ['--mount', 'sh', '-c', WITH_RULES, 'sh', rules, process.execPath, AS_ANOTHER, folder, OTHER], {
      reject: false,
      cwd: '/',
      env: { HOME: '/', NODE_COMPILE_CACHE: '' },
    });

  it('runs commands as another user by the drop-in, and ends one that does not want to', async () => {
    const parts = { daemon: 'www-data', runAs: OTHER, work: NO_ROOT_WORK, home: homeAt(folder) };
    writeFileSync(join(rules, 'savorg-ops'), sudoersDropIn(parts), { mode: 0o440 });
    const { stdout, stderr } = await daemon();
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({ user: OTHER, exit: { ended: 'timeout', leftRunning: [] } });
  });

  it('says what is missing without the drop-in', async () => {
    rmSync(join(rules, 'savorg-ops'));
    expect((await daemon()).stderr).toContain(`the daemon may not start programs as ${OTHER}`);
  });
});
