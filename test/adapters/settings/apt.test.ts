import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingStores } from '../../../src/adapters/settings/index.ts';
import { temporaryFolder } from '../../services/support.ts';
import { AptHost, hasApt } from '../../support/apt-host.ts';

const tool = (version: string) => ({ name: 'tool', version });

async function setUp(...packages: Parameters<AptHost['offer']>) {
  const host = new AptHost();
  await host.offer(...packages);
  return { host, store: settingStores(host.env).apt };
}

describe.skipIf(!hasApt)('a package by the real apt, in a root of its own', () => {
  it('is installed in a version, seen, changed, and removed', async () => {
    const { host, store } = await setUp(tool('1.0'), tool('1.1'));
    expect(await store.look('tool')).toEqual({ value: null });
    await store.set('tool', '1.1');
    expect([await store.look('tool'), host.has('tool')]).toEqual([{ value: '1.1' }, '1.1']);
    await store.set('tool', '1.0');
    expect([await store.look('tool'), host.has('tool')]).toEqual([{ value: '1.0' }, '1.0']);
    await store.set('tool', null);
    expect([await store.look('tool'), host.has('tool')]).toEqual([{ value: null }, null]);
  });

  it('is offered in the versions that there are, and by its whole name only', async () => {
    const { store } = await setUp(tool('1.0'), tool('1.1'), { name: 'g++', version: '1:2.0~rc1-3' });
    expect(await store.offer('tool')).toEqual({ versions: ['1.1', '1.0'], candidate: '1.1' });
    expect(await store.offer('g++')).toEqual({ versions: ['1:2.0~rc1-3'], candidate: '1:2.0~rc1-3' });
    for (const name of ['to.l', 'tool+', 'too', 'g', 'none']) {
      expect(await store.offer(name)).toEqual({ versions: [], candidate: null });
      expect(await store.look(name)).toEqual({ value: null });
    }
    await store.set('g++', '1:2.0~rc1-3');
    expect(await store.look('g++')).toEqual({ value: '1:2.0~rc1-3' });
  });

  it('is never meant by a pattern', async () => {
    const { store } = await setUp(tool('1.0'));
    await store.set('tool', '1.0');
    await expect(store.set('to.l', null)).rejects.toThrow('Unable to locate package to.l');
    expect(await store.look('tool')).toEqual({ value: '1.0' });
  });

  it('is chosen as the administrator pinned it', async () => {
    const { host, store } = await setUp(tool('1.0'), tool('1.1'));
    writeFileSync(join(host.root, 'etc/apt/preferences'), 'Package: tool\nPin: version 1.1\nPin-Priority: -1\n');
    expect(await store.offer('tool')).toEqual({ versions: ['1.1', '1.0'], candidate: '1.0' });
  });

  it('is there, but not to be had, where its repository has it no more', async () => {
    const { host, store } = await setUp(tool('1.0'));
    await store.set('tool', '1.0');
    await host.offer(tool('1.1'));
    expect(await store.look('tool')).toEqual({ value: '1.0' });
    expect(await store.offer('tool')).toEqual({ versions: ['1.1'], candidate: '1.1' });
    await store.set('tool', '1.1');
    await expect(store.set('tool', '1.0')).rejects.toThrow(/apt-get cannot install tool: .*1\.0/s);
    expect(await store.look('tool')).toEqual({ value: '1.1' });
  });

  it('brings what it needs along, which stays when it goes', async () => {
    const { store } = await setUp(tool('1.0'), { name: 'needy', version: '2', depends: 'tool' });
    await store.set('needy', '2');
    expect(await store.look('tool')).toEqual({ value: '1.0' });
    await store.set('needy', null);
    expect([await store.look('needy'), await store.look('tool')]).toEqual([{ value: null }, { value: '1.0' }]);
  });

  it('is not removed where others need it: they would go too', async () => {
    const { store } = await setUp(tool('1.0'), { name: 'needy', version: '2', depends: 'tool' });
    await store.set('needy', '2');
    await expect(store.set('tool', null)).rejects.toThrow('apt-get would also change or remove needy');
    expect([await store.look('needy'), await store.look('tool')]).toEqual([{ value: '2' }, { value: '1.0' }]);
  });

  it('is not installed where others would be upgraded or removed for it', async () => {
    const { host, store } = await setUp(tool('1.0'));
    await store.set('tool', '1.0');
    const needy = { name: 'needy', version: '2', depends: 'tool (>= 1.1)' };
    await host.offer(
      tool('1.1'),
      needy,
      { name: 'rival', version: '1', depends: 'other', conflicts: 'tool' },
      { name: 'other', version: '1' },
    );
    await expect(store.set('needy', '2')).rejects.toThrow('apt-get would also change or remove tool,');
    await expect(store.set('rival', '1')).rejects.toThrow('apt-get would also change or remove tool,');
    expect([await store.look('needy'), await store.look('tool')]).toEqual([{ value: null }, { value: '1.0' }]);
  });

  it('is not known where its installation ended half-way, and is not touched then', async () => {
    const { host, store } = await setUp({ ...tool('1.0'), postinst: '#!/bin/sh\nexit 3\n' });
    // Scripts of packages need a system around them; here it is enough that it cannot run.
    await expect(store.set('tool', '1.0')).rejects.toThrow('apt-get cannot install tool: ');
    await expect(store.look('tool')).rejects.toThrow(/tool is half-configured: .*dpkg --audit/);
    expect(host.has('tool')).toBe('1.0');
  });

  it('is held back where an administrator holds it', async () => {
    const { host, store } = await setUp(tool('1.0'), tool('1.1'));
    await store.set('tool', '1.0');
    await host.run('apt-mark', 'hold', 'tool');
    await expect(store.set('tool', '1.1')).rejects.toThrow(/Held packages/);
    expect(await store.look('tool')).toEqual({ value: '1.0' });
  });
});

describe('without apt', () => {
  it('says so', async () => {
    const { apt } = settingStores({ PATH: '/nowhere' });
    await expect(apt.look('tool')).rejects.toThrow('there is no dpkg-query on this host');
  });

  it('a package of several architectures is not known', async () => {
    const bin = temporaryFolder();
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, 'dpkg-query'), '#!/bin/sh\necho installed 1.0\necho installed 1.0\n');
    chmodSync(join(bin, 'dpkg-query'), 0o755);
    await expect(settingStores({ PATH: bin }).apt.look('tool')).rejects.toThrow('several architectures');
  });
});
