import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { directories } from '../../src/adapters/directories.ts';
import { type FactSources, factReader } from '../../src/adapters/facts.ts';
import { files } from '../../src/adapters/files.ts';
import { links } from '../../src/adapters/links.ts';
import { offLimitsIn } from '../../src/adapters/sandbox/grounds.ts';
import { homeAt } from '../../src/home.ts';
import { bindActions } from '../../src/planning/registry.ts';
import { planTask } from '../../src/services/planner.ts';
import { temporaryFolder } from '../services/support.ts';
import { definition } from '../support/definitions.ts';

/** A home at `opt/ops`, with the commands' HOME in it, and a folder `srv` of somebody else. */
async function setUp() {
  const folder = temporaryFolder();
  const home = homeAt(join(folder, 'opt/ops'));
  const srv = join(folder, 'srv');
  for (const path of [home.etc.crons, home.etc.secrets, home.var.run, home.runner.home, srv])
    await mkdir(path, { recursive: true });
  await writeFile(home.etc.policy, 'allow: []\n');
  await writeFile(home.var.ledger, 'ledger');
  const settings = { home, protect: [join(srv, 'shop')], baseEnv: { HOME: home.runner.home }, runAs: 'runner' };
  const sources: Partial<FactSources> = { files, directories, links, offLimits: offLimitsIn(settings) };
  sources.sandbox = { name: 'none', confine: () => ({ prefix: [], filter: null }) };
  const reader = factReader(sources as FactSources);
  /** Why a task of this action is not planned; null where it is. */
  const refusal = async (action: string, input: object): Promise<string | null> => {
    const request = { action, with: input as Record<string, unknown> };
    const bound = bindActions(registry, ['argv' in input ? { ...request, irreversible: true } : request]);
    if (typeof bound === 'string') throw new Error(bound);
    const plan = await planTask(bound, reader);
    return 'code' in plan ? `${plan.code}: ${plan.message}` : null;
  };
  return { folder, home, srv, refusal };
}

const own = (path: string, root: string) =>
  `facts: ${path} belongs to Ops itself, as ${root}: no task changes it; an operator does, by hand or with ops (see: ops --help)`;

describe('the daemon itself', () => {
  it.each([
    ['config.file', (path: string) => ({ path, content: 'allow: [everything]' })],
    ['config.block', (path: string) => ({ path, name: 'x', content: 'x' })],
    ['config.line', (path: string) => ({ path, line: 'x' })],
    ['config.key', (path: string) => ({ path, format: 'yaml', set: [{ key: ['allow'], value: [] }] })],
    ['config.env', (path: string) => ({ path, service: 'ops', format: 'env', set: { A: '1' } })],
    ['config.directory', (path: string) => ({ path, mode: '0777' })],
    ['config.link', (path: string) => ({ path, target: '/srv/x' })],
    ['infra.command', (path: string) => ({ argv: ['true'], resources: [`path:${path}`] })],
    [
      'infra.script',
      (path: string) => ({ interpreter: ['sh'], text: 'x', undo_text: 'x', resources: [`path:${path}`] }),
    ],
    [
      'config.container.run',
      (path: string) => ({ name: 'x', image: `sha256:${'a'.repeat(64)}`, volumes: [{ host: path, container: '/x' }] }),
    ],
    [
      'config.service.install',
      (path: string) => ({ service: { supervisor: 'pm2', name: 'x', app: { script: '/bin/x', out_file: path } } }),
    ],
    [
      'config.service.start',
      (path: string) => {
        const [start, stop, status] = [['a'], ['b'], ['c']];
        return { service: { supervisor: 'command', name: 'x', start, stop, status, writes: [path] } };
      },
    ],
    [
      'cron.define',
      (path: string) => definition({ actions: [{ action: 'config.file', with: { path, content: '' } }] }),
    ],
  ])('T36: is changed by no %s, whatever policy allows', async (action, inputAt) => {
    const { home, refusal } = await setUp();
    expect(await refusal(action, inputAt(home.etc.policy))).toBe(own(home.etc.policy, home.etc.dir));
    expect(await refusal(action, inputAt(home.var.ledger))).toBe(own(home.var.ledger, home.var.dir));
  });

  it('T36: is changed in no part of it, there or not', async () => {
    const { home, refusal } = await setUp();
    const parts = ['etc', 'etc/crons/new.yaml', 'etc/secrets/db', 'var/services/web.json', 'var/new/er', 'keys/x.jwk'];
    for (const path of [...parts, 'runner/runner.json', 'app/current', 'node'].map((part) => join(home.root, part))) {
      expect(await refusal('infra.command', { argv: ['true'], resources: [`path:${path}`] })).toMatch(
        /^facts: .* belongs/,
      );
      expect(await refusal('config.file', { path, content: '' })).toMatch(/^facts: .* belongs to Ops itself/);
    }
  });

  it('T36: is led to by no link of a task', async () => {
    const { home, srv, refusal } = await setUp();
    const path = join(srv, 'way');
    expect(await refusal('config.link', { path, target: home.etc.dir })).toBe(own(home.etc.dir, home.etc.dir));
  });

  it('T36: is not reached by another name: through a link, or as a second name of a file', async () => {
    const { home, srv, refusal } = await setUp();
    await symlink(home.root, join(srv, 'root'));
    await symlink(home.etc.dir, join(srv, 'etc'));
    await link(home.etc.policy, join(srv, 'policy'));
    await link(home.var.ledger, join(srv, 'ledger'));
    const command = (path: string) => refusal('infra.command', { argv: ['true'], resources: [`path:${path}`] });
    for (const name of ['root/etc/policy.yaml', 'root/etc', 'etc/policy.yaml', 'etc/crons/new'])
      expect(await command(join(srv, name))).toMatch(/^facts: .* belongs to Ops itself/);
    expect(await command(join(srv, 'policy'))).toBe(own(join(srv, 'policy'), home.etc.policy));
    expect(await refusal('config.line', { path: join(srv, 'ledger'), line: 'x' })).toBe(
      own(join(srv, 'ledger'), home.var.ledger),
    );
    expect(await readFile(home.etc.policy, 'utf8')).toBe('allow: []\n');
  });

  it('T36: keeps its place: nothing above it is removed, opened to others, or led elsewhere', async () => {
    const { folder, home, srv, refusal } = await setUp();
    const message = /^facts: .* leads to .*, which belongs to Ops itself: no task changes it/;
    for (const path of [home.root, join(folder, 'opt')]) {
      expect(await refusal('config.directory', { path, absent: true })).toMatch(message);
      expect(await refusal('config.directory', { path, mode: '0777' })).toMatch(message);
      expect(await refusal('config.link', { path, target: srv })).toMatch(message);
    }
  });

  it('leaves alone what lies beside it', async () => {
    const { folder, srv, home, refusal } = await setUp();
    await writeFile(join(srv, 'a'), '');
    await link(join(srv, 'a'), join(srv, 'b'));
    expect(await refusal('config.file', { path: join(srv, 'a'), content: '' })).toBeNull();
    expect(await refusal('config.directory', { path: join(folder, 'opt/ops2') })).toBeNull();
    expect(await refusal('config.directory', { path: `${home.etc.dir}2` })).toBeNull();
    for (const resource of ['host', `path:${join(folder, 'opt')}`])
      expect(await refusal('infra.command', { argv: ['true'], resources: [resource] })).toBeNull();
  });

  it('leaves HOME to commands, but not a link in it that leads out of it', async () => {
    const { home, refusal } = await setUp();
    const path = join(home.runner.home, '.npmrc');
    expect(await refusal('config.file', { path, content: '' })).toBeNull();
    expect(await refusal('infra.command', { argv: ['true'], resources: [`path:${home.runner.home}`] })).toBeNull();
    await symlink(home.var.dir, join(home.runner.home, 'way'));
    const out = join(home.runner.home, 'way/ledger.db');
    expect(await refusal('config.file', { path: out, content: '' })).toMatch(/^facts: .* belongs to Ops itself/);
  });

  it.each(['config.file', 'config.directory', 'config.link'])(
    'protected source is changed by no %s either, by any name',
    async (action) => {
      const { srv, refusal } = await setUp();
      await mkdir(join(srv, 'shop'));
      await symlink('shop', join(srv, 'way'));
      const input = (path: string) => ({
        path,
        ...(action === 'config.file' && { content: '' }),
        ...(action === 'config.link' && { absent: true }),
      });
      for (const name of ['shop/main.js', 'shop', 'way/main.js'])
        expect(await refusal(action, input(join(srv, name)))).toMatch(
          /lies in .*\/srv\/shop, which etc\/ops.yaml protects/,
        );
    },
  );
});
