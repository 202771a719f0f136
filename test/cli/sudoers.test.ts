import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { temporaryFolder } from '../services/support.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');
const RULE = 'actions: [config.package], environments: [staging], hosts: [mini-1], packages: [jq]';

/** Of a home whose daemon is that user. */
function sudoers(daemon: number, { rule = RULE, settings = '' } = {}) {
  const root = temporaryFolder();
  for (const name of ['etc', 'var']) mkdirSync(join(root, name));
  writeFileSync(join(root, 'etc/ops.yaml'), `host: mini-1\n${settings}`);
  writeFileSync(join(root, 'etc/policy.yaml'), `allow: [{ ${rule} }]\n`);
  chownSync(join(root, 'var'), daemon, 0);
  return execa(process.execPath, [CLI, '--home', root, 'sudoers'], { reject: false });
}

describeAsRoot('ops sudoers', () => {
  it('names the daemon as the home does, and what the policy needs', async () => {
    const [uid, name] = (await execa('sh', ['-c', 'id -u www-data; id -un www-data'])).stdout.split('\n');
    const { stdout, exitCode } = await sudoers(Number(uid), { settings: 'run_as: games\n' });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`\n${name} ALL=(games) NOPASSWD: ALL\n`);
    expect(stdout).toMatch(/\nwww-data ALL=\(root\) NOPASSWD: .* install -- jq=/s);
    expect(await execa('visudo', ['-cf', '-'], { input: `${stdout}\n`, reject: false })).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['the daemon is root', 0, {}],
    ['no step needs it', 33, { rule: RULE.replace('config.package', 'infra.command') }],
    ['the rule is for another host', 33, { rule: RULE.replace('mini-1', 'mini-2') }],
  ])('says that there is nothing to allow where %s', async (_, daemon, more) => {
    const { stderr, exitCode } = await sudoers(daemon, more);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('nothing of this home needs sudo')]);
  });
});
