import { describe, expect, it } from 'vitest';
import { directory } from '../../../jobs/config/directory.ts';

const path = '/var/lib/web';
const before = { exists: true, mode: '2750', uid: 501, gid: 20 } as const;
const plan = (given: object, owner: object | null = null) =>
  directory.plan({ path, ...given }, { directory: before, owner } as never);

describe('config.directory', () => {
  it('asks for the directory and its owner', () => {
    expect(directory.facts({ path, owner: 'www' })).toEqual({
      directory: { ask: 'directory', path },
      owner: { ask: 'owner', owner: 'www' },
    });
  });

  it('keeps mode and owner where they are not given', () => {
    const title = 'have the directory /var/lib/web';
    expect(plan({})).toEqual([
      { kind: 'directory', target: path, title, path, absent: false, mode: null, owner: null, before },
    ]);
  });

  it('sets mode and owner where they are given, and looks where it is told', () => {
    const check = { type: 'process', service: 'web', name: 'nginx' } as const;
    expect(plan({ mode: '1777', owner: 'www', check }, { uid: 33, gid: 33 })).toMatchObject([
      { mode: '1777', owner: { uid: 33, gid: 33 } },
      { kind: 'probe', probe: check },
    ]);
  });

  it('has it gone', () =>
    expect(plan({ absent: true })).toMatchObject([{ absent: true, title: `remove the directory ${path}` }]));

  it('keeps everybody else off it, and is judged by its path', () => {
    expect(directory.resources({ path })).toEqual([`path:${path}`]);
    expect(directory.needs({ path })).toEqual([`path:${path}`]);
  });

  it.each([
    { mode: '755' },
    { mode: '4755' },
    { mode: '07555' },
    { mode: '0o755' },
    { mode: 493 },
    { mode: 'u+x' },
    { mode: '0888' },
    { owner: 'www; id' },
    { owner: '-R' },
    { path: `${path}/` },
    { path: '/' },
    { path: `${path}/..` },
    { path: '/var//lib' },
    { path: '/var/\0' },
    { path: `/${'a'.repeat(1024)}` },
    { absent: false },
    { absent: true, mode: '0755' },
    { absent: true, owner: 'www' },
  ])('is refused with %j', (wrong) => {
    expect(directory.input.safeParse({ path, ...wrong }).success).toBe(false);
  });
});
