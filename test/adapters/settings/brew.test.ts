import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it, vi } from 'vitest';
import { settingStores } from '../../../src/adapters/settings/index.ts';
import { accountWith } from '../../support/tool-double.ts';

function setUp(formulae: object) {
  const env = accountWith('brew');
  writeFileSync(join(env.HOME, 'brew.json'), JSON.stringify(formulae));
  return settingStores(env).brew;
}

describe('a formula of Homebrew', () => {
  it('is installed, seen and removed', async () => {
    const store = setUp({ jq: { stable: '1.8.1', installed: [] } });
    expect(await store.look('jq')).toEqual({ value: null });
    expect(await store.offer('jq')).toEqual({ versions: ['1.8.1'], candidate: '1.8.1' });
    await store.set('jq', '1.8.1');
    expect(await store.look('jq')).toEqual({ value: '1.8.1' });
    await store.set('jq', null);
    expect(await store.look('jq')).toEqual({ value: null });
  });

  it('is upgraded where another version is there, with its revision', async () => {
    const store = setUp({ redis: { stable: '8.4.0', revision: 1, installed: ['8.2.1'] } });
    expect(await store.look('redis')).toEqual({ value: '8.2.1' });
    expect(await store.offer('redis')).toEqual({ versions: ['8.4.0_1'], candidate: '8.4.0_1' });
    await store.set('redis', '8.4.0_1');
    expect(await store.look('redis')).toEqual({ value: '8.4.0_1' });
  });

  it('is there in the version that is in use', async () => {
    const store = setUp({ node: { stable: '24.1.0', installed: ['22.1.0', '24.1.0'], linked: '22.1.0' } });
    expect(await store.look('node')).toEqual({ value: '22.1.0' });
  });

  it('is none where brew knows none of that name, or has only what is not released', async () => {
    const store = setUp({ wild: { stable: null, installed: [] } });
    for (const name of ['none', 'wild']) {
      expect(await store.look(name)).toEqual({ value: null });
      expect(await store.offer(name)).toEqual({ versions: [], candidate: null });
    }
  });

  it('is not taken for another one that it is an alias of', async () => {
    const store = setUp({ 'postgresql@17': { stable: '17.6', installed: [], aliases: ['postgres'] } });
    await expect(store.look('postgres')).rejects.toThrow('brew knows postgres as postgresql@17: name it so');
  });

  it('is not removed where another one needs it, and says what brew said', async () => {
    const store = setUp({ oniguruma: { stable: '6.9', installed: ['6.9'], needed_by: 'jq' } });
    await expect(store.set('oniguruma', null)).rejects.toThrow(
      'brew cannot uninstall oniguruma: Error: Refusing to uninstall oniguruma because it is required by jq',
    );
  });

  it('is not known where brew does not run, e.g. for root', async () => {
    const root = 'echo "Error: Running Homebrew as root is extremely dangerous and no longer supported." >&2; exit 1';
    await expect(settingStores(accountWith('brew', root)).brew.look('jq')).rejects.toThrow(
      'brew cannot look at jq: Error: Running Homebrew as root',
    );
    await expect(settingStores({ PATH: '/nowhere' }).brew.look('jq')).rejects.toThrow('there is no brew on this host');
  });

  it.each(['{}', '{"formulae":[]}', 'Warning: no JSON'])('is not known where brew answers %s', async (answer) => {
    const env = accountWith('brew', `echo '${answer}'`);
    await expect(settingStores(env).brew.look('jq')).rejects.toThrow('brew says of jq what Ops does not understand');
  });

  it('is asked for without what brew does besides', async () => {
    const names = ['AUTO_UPDATE', 'AUTOREMOVE', 'INSTALL_UPGRADE', 'INSTALL_CLEANUP', 'ANALYTICS'];
    const script = `echo ${names.map((name) => `"$HOMEBREW_NO_${name}"`).join(' ')} >&2; exit 1`;
    await expect(settingStores(accountWith('brew', script)).brew.look('jq')).rejects.toThrow(': 1 1 1 1 1');
  });

  it('is told to be at work while brew is, also after the daemon that started it', async () => {
    const env = accountWith('brew', 'read -r _');
    const store = settingStores(env).brew;
    const name = `sleepy-${process.pid}`;
    expect(await store.isAtWork?.(name)).toBe(false);
    const brew = execa(join(env.PATH, 'brew'), ['install', '--formula', name], { stdin: 'pipe', reject: false });
    await vi.waitFor(async () => expect(await store.isAtWork?.(name)).toBe(true));
    brew.nodeChildProcess.stdin?.end();
    await brew;
    expect(await store.isAtWork?.(name)).toBe(false);
  });
});
