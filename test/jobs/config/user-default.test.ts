import { describe, expect, it } from 'vitest';
import { userDefault } from '../../../jobs/config/user-default.ts';

const domain = 'com.example.app';
const key = 'autohide';
const plan = (given: object) => userDefault.plan({ domain, key, ...given }, { present: { value: 'bool false' } });

describe('config.user-default', () => {
  it('asks for the default, and goes from it to what is wanted', () => {
    expect(userDefault.facts({ domain, key, bool: true })).toEqual({
      present: { ask: 'setting', store: 'default', name: 'com.example.app/autohide' },
    });
    expect(plan({ bool: true })).toEqual([
      {
        kind: 'setting',
        target: 'com.example.app/autohide',
        title: 'set the default com.example.app/autohide',
        store: 'default',
        name: 'com.example.app/autohide',
        wanted: 'bool true',
        before: { value: 'bool false' },
        remains: '',
        oneWay: false,
      },
    ]);
  });

  it.each([
    [{ bool: false }, 'bool false'],
    [{ int: 0 }, 'int 0'],
    [{ int: -5 }, 'int -5'],
    [{ float: 0 }, 'float 0'],
    [{ float: 1.1 }, 'float 1.1'],
    [{ string: '' }, 'string '],
    [{ string: '-bool true' }, 'string -bool true'],
    [{ absent: true }, null],
  ])('wants %j as %j', (given, wanted) => expect(plan(given)).toMatchObject([{ wanted }]));

  it('needs policy for domain and key', () => {
    expect(userDefault.needs({ domain, key, bool: true })).toEqual(['setting:com.example.app/autohide']);
  });

  it.each([
    {},
    { bool: true, int: 1 },
    { bool: true, absent: true },
    { absent: false },
    { bool: 'true' },
    { int: 1.5 },
    { int: 2 ** 53 },
    { float: Infinity },
    { float: 1e300 },
    { string: 'a\0b' },
    { string: '\u001b[2J' },
    { string: '\ud800' },
    { string: 'secret:file/password' },
    { bool: true, domain: '/Library/Preferences/com.apple.x' },
    { bool: true, domain: '../x' },
    { bool: true, domain: '.hidden' },
    { bool: true, domain: '-g' },
    { bool: true, domain: '-currentHost' },
    { bool: true, domain: 'a b' },
    { bool: true, domain: '~/x' },
    { bool: true, domain: '' },
    { bool: true, key: '' },
    { bool: true, key: '-array' },
    { bool: true, key: 'a/b' },
    { bool: true, key: 'a b' },
    { bool: true, key: 'a\nb' },
    { bool: true, key: '<a>' },
  ])('is refused with %j', (given) => {
    expect(userDefault.input.safeParse({ domain, key, ...given }).success).toBe(false);
  });
});
