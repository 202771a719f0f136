import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { sudoersDropIn } from '../../src/install/sudoers.ts';
import { describeAsRoot } from '../doubles/as-root.ts';

const parts = {
  daemon: '_savorgops',
  runAs: null,
  labels: [],
  launchDaemons: '/Library/LaunchDaemons',
  staged: '/opt/savorg-ops/var/services',
};
const rules = (text: string) => text.split('\n').filter((line) => line.includes('NOPASSWD'));

describe('the drop-in for sudo', () => {
  it('lets the daemon be the user of its commands, and nobody else', () => {
    expect(rules(sudoersDropIn({ ...parts, runAs: '_savorgrun' }))).toEqual([
      '_savorgops ALL=(_savorgrun) NOPASSWD: ALL',
    ]);
  });

  it('has root do exact commands for each service, and no other', () => {
    const text = sudoersDropIn({ ...parts, labels: ['com.example.web'] });
    const commands = text.match(/\/(?:bin|usr)\/.*?(?=, \\|$)/gm) ?? [];
    expect(commands).toHaveLength(9);
    for (const command of commands) expect(command).toMatch(/com\.example\.web(?:\.plist)?$/);
    expect(text).not.toMatch(/NOPASSWD: ALL|\*/);
  });

  it('allows nothing where nothing needs it', () => expect(rules(sudoersDropIn(parts))).toEqual([]));
});

describeAsRoot('the same, for sudo itself', () => {
  it.each([
    ['for commands', { runAs: 'games' }],
    ['for services', { labels: ['com.example.web', 'com.example.a=b,c:d*'] }],
    ['for both', { runAs: 'games', labels: ['com.example.web'] }],
  ])('is understood %s', async (_, more) => {
    const text = sudoersDropIn({ ...parts, daemon: 'www-data', ...more });
    expect(await execa('visudo', ['-cf', '-'], { input: text, reject: false })).toMatchObject({ exitCode: 0 });
  });
});
