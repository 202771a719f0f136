import { describe, expect, it } from 'vitest';
import { link } from '../../../jobs/config/link.ts';

const path = '/srv/web/current';
const before = { target: 'releases/1' };

describe('config.link', () => {
  it('leads from what the plan saw to what is wanted', () => {
    const input = { path, target: 'releases/2' };
    expect(link.facts(input)).toEqual({ link: { ask: 'link', path } });
    const title = `link ${path} to releases/2`;
    expect(link.plan(input, { link: before })).toEqual([
      { kind: 'link', target: path, title, path, wanted: 'releases/2', before },
    ]);
  });

  it('has it gone, and looks where it is told', () => {
    const check = { type: 'process', service: 'web', name: 'nginx' } as const;
    expect(link.plan({ path, absent: true, check }, { link: before })).toMatchObject([
      { wanted: null, title: `remove the link ${path}` },
      { kind: 'probe', probe: check },
    ]);
  });

  it.each([
    ['releases/2', ['path:/srv/web/current', 'path:/srv/web/releases/2']],
    ['/etc', ['path:/srv/web/current', 'path:/etc']],
    [undefined, ['path:/srv/web/current']],
  ])('needs policy for itself and for where it leads: %s', (target, needs) => {
    expect(link.needs(target === undefined ? { path, absent: true } : { path, target })).toEqual(needs);
    expect(link.resources({ path, target })).toEqual(['path:/srv/web/current']);
  });

  it.each([
    ['nothing to do', {}],
    ['both', { target: 'a', absent: true }],
    ['a link to itself', { target: path }],
    ['a link to itself by its name', { target: 'current' }],
    ['a link into itself', { target: 'current/a' }],
    ['a target above', { target: '../web/current' }],
    ['a target through the one above', { target: '/srv/web/../../etc' }],
    ['a target with a slash at its end', { target: 'releases/2/' }],
    ['the root', { target: '/' }],
    ['its own folder', { target: '.' }],
    ['an empty target', { target: '' }],
    ['a NUL', { target: 'a\0b' }],
    ['a very long target', { target: 'a/'.repeat(600) + 'a' }],
    ['a path with a slash at its end', { path: `${path}/`, target: 'a' }],
    ['a path with ..', { path: '/srv/../etc/x', target: '/a' }],
  ])('is refused with %s', (_, wrong) => {
    expect(link.input.safeParse({ path, ...wrong }).success).toBe(false);
  });
});
