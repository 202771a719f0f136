import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbsolutePath, Argv, ResourceName, Variables } from '../../src/planning/input.ts';
import { collide } from '../../src/planning/resources.ts';

describe('a path', () => {
  it.each(['/a', '/etc/motd', '/a b/ü', '/...', '/.a', '/a..', '/a\nb', `/${'x'.repeat(1023)}`])(
    'may be %j',
    (path) => {
      expect(AbsolutePath.parse(path)).toBe(path);
    },
  );

  it.each([
    '',
    '/',
    'a',
    './a',
    '~/a',
    '//a',
    '/a//b',
    '/a/',
    '/a/.',
    '/a/./b',
    '/..',
    '/a/../b',
    '/a\0',
    `/${'x'.repeat(1024)}`,
  ])('may not be %j', (path) => {
    expect(AbsolutePath.safeParse(path).success).toBe(false);
  });

  it('has one form only', () => {
    const parts = fc.array(fc.constantFrom('a', '.', '..', '', 'b'), { maxLength: 6 });
    fc.assert(
      fc.property(parts, (names) => {
        const path = `/${names.join('/')}`;
        const { pathname } = new URL(`file://${path.replaceAll(/\/+/g, '/')}`);
        fc.pre(AbsolutePath.safeParse(path).success);
        expect(pathname).toBe(path);
      }),
    );
  });
});

describe('an argv', () => {
  it.each([
    [['/bin/true']],
    [['sh', '-c', 'rm -rf $HOME; `x` | y > z &']],
    [['a', '']],
    [['a', '\n', ' ', '*']],
    [Array(256).fill('a')],
  ])('is taken as it is: %j', (argv) => {
    expect(Argv.parse(argv)).toEqual(argv);
  });

  it.each([
    [[]],
    [['']],
    [['', 'a']],
    [['a\0']],
    [['a', 'b\0c']],
    ['a b'],
    [[1]],
    [Array(257).fill('a')],
    [['x'.repeat(8193)]],
  ])('is none: %#', (argv) => {
    expect(Argv.safeParse(argv).success).toBe(false);
  });
});

describe('variables', () => {
  it.each<Record<string, string>>([
    {},
    { A: '' },
    { _a1: 'x\ny' },
    { constructor: 'x', toString: 'y', hasOwnProperty: 'z' },
  ])('are taken as they are: %j', (variables) => {
    expect(Variables.parse(variables)).toEqual(variables);
    expect(Object.keys(Variables.parse(variables))).toEqual(Object.keys(variables));
  });

  it.each<unknown>([
    { '': 'x' },
    { '1A': 'x' },
    { 'A=B': 'x' },
    { 'A B': 'x' },
    { 'A\n': 'x' },
    { A: 1 },
    { A: 'x\0' },
    { ['A'.repeat(129)]: 'x' },
    [],
  ])('are none: %j', (variables) => {
    expect(Variables.safeParse(variables).success).toBe(false);
  });
});

describe('a resource that a command declares', () => {
  it.each(['path:/etc/nginx', 'path:/Library/Application Support/x', 'service:web', 'x:ü'])('may be %s', (name) => {
    expect(ResourceName.parse(name)).toBe(name);
  });

  it.each(['', 'host', 'path', 'path:', ':x', 'Path:/a'])('may not be %j', (name) => {
    expect(ResourceName.safeParse(name).success).toBe(false);
  });

  it.each([
    'path:/',
    'path:/etc/',
    'path:/etc//nginx',
    'path:/etc/./nginx',
    'path:/srv/../etc/nginx',
    'path:etc/nginx',
  ])('as a path has its one form, or it would keep nobody off what is below it: %s', (name) => {
    const keepsOff = collide(name, 'path:/etc/nginx/nginx.conf');
    expect(ResourceName.safeParse(name).success && !keepsOff).toBe(false);
  });
});
