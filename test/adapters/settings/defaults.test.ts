import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingStores } from '../../../src/adapters/settings/index.ts';
import { defaultText } from '../../../src/planning/user-default.ts';
import { accountWith } from '../../support/tool-double.ts';

/** A Mac's account: its `defaults`, and its preferences as files. */
function setUp(script?: string) {
  const env = accountWith('defaults', script);
  const folder = join(env.HOME, 'Library/Preferences');
  const plist = join(folder, 'com.example.app.plist');
  const put = (dict: string) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(plist, `<plist version="1.0">\n<dict>\n${dict}</dict>\n</plist>\n`);
  };
  return { store: settingStores(env).default, put, text: () => readFileSync(plist, 'utf8') };
}

const NAME = 'com.example.app/a key';
const keyed = (value: string) => `\t<key>a key</key>\n\t${value}\n`;

describe('a macOS default', () => {
  it.each([
    ['bool true', '<true/>'],
    ['bool false', '<false/>'],
    ['int 0', '<integer>0</integer>'],
    ['int -5', '<integer>-5</integer>'],
    ['float 0.1', '<real>0.10000000149011612</real>'],
    ['float 2', '<real>2</real>'],
    ['string ', '<string></string>'],
    ['string -bool', '<string>-bool</string>'],
    ['string <a> & $(id)\nü', '<string>&lt;a&gt; &amp; $(id)\nü</string>'],
  ])('is %j, written, seen and taken away', async (value, xml) => {
    const { store, text } = setUp();
    expect(await store.look(NAME)).toEqual({ value: null });
    await store.set(NAME, value);
    expect(text()).toContain(keyed(xml));
    expect(await store.look(NAME)).toEqual({ value });
    await store.set(NAME, null);
    expect(text()).not.toContain('a key');
    expect(await store.look(NAME)).toEqual({ value: null });
  });

  it('is told from one of another type that reads alike', async () => {
    const { store, put } = setUp();
    const values = [];
    for (const xml of ['<true/>', '<integer>1</integer>', '<real>1</real>', '<string>1</string>']) {
      put(keyed(xml));
      values.push((await store.look(NAME)).value);
    }
    expect(values).toEqual(['bool true', 'int 1', 'float 1', 'string 1']);
  });

  it('leaves the others as they are', async () => {
    const { store, put, text } = setUp();
    put('\t<key>b</key>\n\t<integer>7</integer>\n');
    await store.set(NAME, 'bool true');
    await store.set(NAME, null);
    expect(text()).toContain('<key>b</key>\n\t<integer>7</integer>');
  });

  it.each([
    ['a dictionary', '<dict><key>x</key><true/></dict>', 'is of the type dictionary, which is no plain value'],
    ['a date', '<date>2026-11-23T09:00:00Z</date>', 'is of the type date, which is no plain value'],
    ['a number that JavaScript cannot hold', '<integer>9007199254740993</integer>', 'can be kept exactly'],
  ])('is not known where it is %s', async (_, xml, message) => {
    const { store, put } = setUp();
    put(keyed(xml));
    await expect(store.look(NAME)).rejects.toThrow(message);
  });

  it.each([
    ['fails', 'echo "Could not talk to cfprefsd" >&2; exit 1', 'Could not talk to cfprefsd'],
    ['says something else', 'echo Type is constructor', 'is of the type constructor'],
    ['dies', 'kill -9 $$', 'defaults read-type did not end by itself (SIGKILL)'],
  ])('is not known where the tool %s', async (_, program, message) => {
    const { store } = setUp(program);
    await expect(store.look(NAME)).rejects.toThrow(message);
  });

  it('cannot be set where the tool fails, and says what it said', async () => {
    const { store } = setUp('echo "Could not write domain" >&2; exit 1');
    await expect(store.set(NAME, 'bool true')).rejects.toThrow(
      'defaults cannot set com.example.app/a key: Could not write domain',
    );
  });

  it('needs a Mac', async () => {
    const { default: store } = settingStores({ PATH: '/nowhere' });
    await expect(store.look(NAME)).rejects.toThrow('there is no defaults on this host');
  });
});

describe('its text', () => {
  it.each([
    [0.1, 'float 0.1'],
    [0.10000000149011612, 'float 0.1'],
    [1 / 3, 'float 0.33333334'],
    [16_777_216, 'float 16777216'],
    [0, 'float 0'],
    [-0.25, 'float -0.25'],
  ])('of the float %d is one for what is kept in 32 bits', (value, text) => {
    expect(defaultText('float', value)).toBe(text);
    expect(defaultText('float', Math.fround(value))).toBe(text);
  });
});
