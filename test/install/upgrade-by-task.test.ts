import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { taskDigest } from '../../src/contract/digest.ts';
import type { ActionsTask, Submission } from '../../src/contract/task.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { SAFE_MODE } from './broken-daemons.ts';
import { InstalledHost } from './installed-host.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 90_000 });

const POLICY = `allow:
  - actions: [infra.command, infra.upgrade]
    environments: [staging]
    hosts: [mini-1]
    paths: [/]
    binaries: [/]
`;

const utc = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
const NOWHERE = `sha256:${'0b'.repeat(32)}`;

const taskOf = (task_id: string, version: string, artifact: string, more: Partial<ActionsTask> = {}): ActionsTask => ({
  task_id,
  operation_type: 'infra',
  environment: 'staging',
  host: 'mini-1',
  reason: 'a test of upgrades',
  plan_id: 'plan-1',
  expires_at: utc(Date.now() + 3600_000),
  actions: [{ action: 'infra.upgrade', with: { version, artifact }, irreversible: true }],
  on_failure: 'undo',
  on_interrupt: 'resume',
  ...more,
});

/** Of processes whose command line holds this. */
async function pidsOf(text: string): Promise<number[]> {
  const { stdout } = await execa('ps', ['-axww', '-o', 'pid=,args=']);
  return stdout.split('\n').flatMap((line) => (line.includes(text) ? [Number.parseInt(line, 10)] : []));
}

async function hostWithUpgrades(): Promise<InstalledHost> {
  const host = await InstalledHost.make();
  await host.install();
  writeFileSync(host.home.etc.policy, POLICY);
  host.allowRoot();
  return host;
}

describeAsRoot('infra.upgrade, on an installed host', () => {
  let host: InstalledHost;
  beforeAll(async () => {
    host = await hostWithUpgrades();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const current = () => readlinkSync(host.home.installed.current);
  const send = async (task: ActionsTask) => host.manager.send(await host.manager.signed(task));
  const report = async (taskId: string) => (await host.manager.report(taskId, 90_000)).ops_output;
  /** What root noted of a task's upgrade. */
  const noted = (task: ActionsTask) => {
    const path = join(host.home.installed.upgrades, `${taskDigest(task).replace('sha256:', '')}.json`);
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  };

  /** As a daemon that somebody has taken over would ask root. */
  async function asked(submission: Submission | string) {
    const path = host.home.var.upgrade;
    rmSync(path, { force: true });
    writeFileSync(path, typeof submission === 'string' ? submission : JSON.stringify(submission), { mode: 0o644 });
    const { exitCode, stderr } = await host.ops('upgrade', '--task', path);
    return [exitCode, stderr.replace(path, 'FILE')];
  }
  const signed = (task: ActionsTask, ...roles: ('manager' | 'plan-review' | 'security')[]) =>
    roles.length > 0 ? host.manager.signed(task, roles) : host.manager.signed(task);

  it('is done by root, and reported by the new version', async () => {
    const artifact = await host.artifact({ version: '0.2.0', node: process.execPath });
    const before = host.state?.pid;
    await send(taskOf('up', '0.2.0', artifact));
    const output = await report('up');
    expect(output.blockers).toEqual([]);
    expect(output.status).toBe('completed');
    expect(output).toMatchObject({
      health_checks: [{ service: 'savorg-ops', status: 'healthy', endpoint: 'version 0.2.0, before it 0.1.0' }],
    });
    expect([host.state?.version, host.state?.pid === before, current()]).toEqual(['0.2.0', false, '0.2.0']);
    expect(readdirSync(host.home.installed.upgrades)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.json$/)]);
  });

  it.each([
    ['ends at once', '0.3.0', 'process.exit(1);', 'it ended with 1'],
    ['stays in safe mode', '0.3.1', SAFE_MODE('0.3.1'), 'takes no tasks: a test'],
  ])('F65: takes back a version that %s, and the version before reports it', async (_, version, main, why) => {
    await send(taskOf(`broken-${version}`, version, await host.artifact({ version, main })));
    const output = await report(`broken-${version}`);
    expect(output.blockers).toMatchObject([{ code: 'upgrade-failed', message: expect.stringContaining(why) }]);
    expect([host.state?.version, host.state?.state, current()]).toEqual(['0.2.0', 'ready', '0.2.0']);
  });

  it('does not begin what sudo does not allow, and says what to do', async () => {
    renameSync(host.mac.sudoers, `${host.mac.sudoers}.away`);
    const task = taskOf('no-sudo', '0.4.0', NOWHERE);
    await send(task);
    const { blockers } = await report('no-sudo');
    renameSync(`${host.mac.sudoers}.away`, host.mac.sudoers);
    expect(blockers).toMatchObject([{ code: 'upgrade-refused', message: expect.stringContaining('"ops sudoers"') }]);
    expect(noted(task)).toBeNull();
  });

  it('F65: begins nothing with an artifact for another system', async () => {
    const node = join(host.mac.folder, 'foreign-node');
    writeFileSync(node, '\u007fELF of another machine');
    const before = [host.state?.pid, current()];
    await send(taskOf('foreign', '0.5.1', await host.artifact({ version: '0.5.1', node })));
    expect((await report('foreign')).blockers[0]?.message).toContain('on a machine of this kind');
    expect([host.state?.pid, current()]).toEqual(before);
  });

  it('T38: takes no artifact that is altered, or of another version than was signed', async () => {
    const artifact = await host.artifact({ version: '0.5.0' });
    await send(taskOf('another-version', '0.6.0', artifact));
    expect((await report('another-version')).blockers[0]?.message).toContain('is of 0.5.0, and the task says 0.6.0');
    const path = join(host.home.installed.artifacts, `${artifact.replace('sha256:', '')}.tar.gz`);
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] = (bytes.at(-9) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await send(taskOf('altered', '0.5.0', artifact));
    expect((await report('altered')).blockers[0]?.message).toContain('it is not what its name says');
    rmSync(path);
    await send(taskOf('missing', '0.5.0', artifact));
    expect((await report('missing')).blockers[0]?.message).toContain('put the archive there under its sha256');
    expect([host.state?.version, current()]).toEqual(['0.2.0', '0.2.0']);
  });

  /** Resolves when root has begun the task's upgrade; who is at it. */
  const begun = (task: ActionsTask): Promise<number> =>
    vi.waitFor(() => noted(task)?.by.pid ?? expect.fail('root has not begun'), { timeout: 20_000, interval: 20 });

  it('F65: goes on where the daemon is killed, and the next one reports it', async () => {
    const task = taskOf('killed', '0.7.0', await host.artifact({ version: '0.7.0' }));
    await send(task);
    await begun(task);
    process.kill(host.state?.pid ?? Number.NaN, 'SIGKILL');
    const { status, blockers } = await report('killed');
    expect([status, blockers]).toEqual(['completed', []]);
    expect([host.state?.version, host.state?.state, current()]).toEqual(['0.7.0', 'ready', '0.7.0']);
  });

  it('F65: is unknown where who does it is killed, and is not done again', async () => {
    const task = taskOf('helper-killed', '0.8.0', await host.artifact({ version: '0.8.0' }));
    await send(task);
    process.kill(await begun(task), 'SIGKILL');
    const { blockers } = await report('helper-killed');
    expect(blockers[0]).toMatchObject({ code: 'upgrade-lost', message: expect.stringContaining('0.7.0 runs') });
    expect([host.state?.version, host.state?.state, current()]).toEqual(['0.7.0', 'ready', '0.7.0']);
  });

  it('F65: is taken back where the upgrade of the new version is killed after the change', async () => {
    const main = 'setInterval(() => undefined, 1000);';
    await send(taskOf('verb-killed', '0.9.0', await host.artifact({ version: '0.9.0', main })));
    await vi.waitFor(() => expect(current()).toBe('0.9.0'), { timeout: 40_000, interval: 50 });
    const [pid] = await pidsOf(join(host.home.installed.upgrades, 'unpacked/dist'));
    process.kill(pid ?? Number.NaN, 'SIGKILL');
    expect((await report('verb-killed')).blockers).toMatchObject([{ code: 'upgrade-failed' }]);
    expect([host.state?.version, host.state?.state, current()]).toEqual(['0.7.0', 'ready', '0.7.0']);
  });

  describe('what the daemon asks of root', () => {
    it.each<[string, () => Promise<Submission | string>, string]>([
      ['is not approved', () => signed(taskOf('a', '9.0.0', NOWHERE), 'manager', 'security'), 'a is not-approved'],
      ['is not cleared', () => signed(taskOf('a', '9.0.0', NOWHERE), 'manager', 'plan-review'), 'a is not-cleared'],
      [
        'was requested by nobody',
        () => signed(taskOf('a', '9.0.0', NOWHERE), 'plan-review', 'security'),
        'not-requested',
      ],
      [
        'was altered',
        async () => ({ ...(await signed(taskOf('a', '9.0.0', NOWHERE))), task: taskOf('a', '9.0.1', NOWHERE) }),
        'not-requested',
      ],
      ['is for another host', () => signed(taskOf('a', '9.0.0', NOWHERE, { host: 'mini-2' })), 'wrong-host'],
      ['is for any host', () => signed(taskOf('a', '9.0.0', NOWHERE, { host: 'any' })), 'host-required'],
      ['has expired', () => signed(taskOf('a', '9.0.0', NOWHERE, { expires_at: utc(Date.now()) })), 'expired'],
      [
        'is forbidden by policy',
        () => signed(taskOf('a', '9.0.0', NOWHERE, { environment: 'production' })),
        'not-allowed',
      ],
      [
        'asks for something else',
        () =>
          signed(
            taskOf('a', '9.0.0', NOWHERE, {
              actions: [{ action: 'infra.command', with: { argv: ['id'], undo: ['true'] } }],
            }),
          ),
        'a asks for no upgrade',
      ],
      [
        'is not to be resumed',
        () => signed(taskOf('a', '9.0.0', NOWHERE, { on_interrupt: 'undo' })),
        'its task must say on_interrupt: resume',
      ],
      ['is no task', async () => 'operator-secret: [', 'FILE is no signed task'],
    ])('T38: is refused where it %s', async (_, submission, why) => {
      const before = readdirSync(host.home.installed.upgrades);
      expect(await asked(await submission())).toEqual([1, expect.stringContaining(why)]);
      expect(readdirSync(host.home.installed.upgrades)).toEqual(before);
    });

    it('T38: is refused the second time', async () => {
      const submission = await signed(taskOf('twice', '9.0.0', NOWHERE));
      expect(await asked(submission)).toEqual([1, expect.stringContaining('put the archive there')]);
      expect(await asked(submission)).toEqual([1, expect.stringContaining('twice was used already')]);
    });

    it('T38: is refused where the artifact is vetoed', async () => {
      const submission = await signed(taskOf('vetoed', '9.0.0', NOWHERE));
      const key = join(host.mac.folder, 'people/security.jwk');
      const said = await host.ops(
        'veto',
        `artifact:${NOWHERE}`,
        '--as',
        'security',
        '--key',
        key,
        '--reason',
        'a hole',
      );
      expect(said.stderr).toBe('');
      await vi.waitFor(
        async () => expect(await asked(submission)).toEqual([1, expect.stringContaining('vetoed: artifact:')]),
        { timeout: 20_000, interval: 500 },
      );
    });
  });
});
