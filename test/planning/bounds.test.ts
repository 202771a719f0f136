import { describe, expect, it } from 'vitest';
import { covers, type Ground, rulesOf } from '../../src/planning/bounds.ts';

const ground = (more: Partial<Ground> = {}): Ground => ({
  writes: [],
  readOnly: ['/home/etc', '/srv/shop/source'],
  hidden: ['/home/var', '/home/etc/operator.key'],
  userHome: null,
  scratch: '/home/var/run/scratch/1',
  ...more,
});

/** What counts of a path: the last rule that covers it. */
function accessOf(given: Ground, path: string): string | undefined {
  return rulesOf(given).findLast((rule) => covers(rule.path, path))?.access;
}

describe('what a command may do', () => {
  it.each([
    [[], '/srv/shop/cache/x', 'read'],
    [['/srv/shop/cache'], '/srv/shop/cache/x', 'write'],
    [['/srv/shop/cache'], '/srv/shop/cached', 'read'],
    [['/'], '/srv/shop/cache/x', 'pinned'],
    [['/'], '/etc/x', 'write'],
    [['/srv/shop/source'], '/srv/shop/source/x', 'read'],
    [['/srv/shop/source/deep'], '/srv/shop/source/deep/x', 'read'],
    [['/srv', '/srv/shop/source/deep'], '/srv/shop/source/deep/x', 'read'],
    [['/home/var'], '/home/var/ledger.db', 'none'],
    [['/home/var/keys', '/'], '/home/var/keys/host.key', 'none'],
    [['/'], '/home/etc/policy.yaml', 'read'],
    [['/home/etc/operator.key'], '/home/etc/operator.key', 'none'],
    [[], '/home/var/run/scratch/1/x', 'write'],
    [['/'], '/home/var/run/scratch/2/x', 'none'],
  ])('with %j to %s: %s', (writes, path, access) => {
    expect(accessOf(ground({ writes }), path)).toBe(access);
  });

  it('keeps in its place what leads to what is guarded, where it could be moved', () => {
    const pinned = rulesOf(ground({ writes: ['/srv'] })).filter(({ access }) => access === 'pinned');
    expect(pinned.map(({ path }) => path)).toEqual(['/srv', '/srv/shop']);
    const wide = rulesOf(ground({ writes: ['/'] })).filter(({ access }) => access === 'pinned');
    expect(wide.map(({ path }) => path)).toEqual(['/home', '/home/etc', '/srv', '/srv/shop']);
  });

  it('may use its HOME in what is hidden: read it, and write where it was allowed to', () => {
    const home = { userHome: '/home/var/home' };
    expect(accessOf(ground(home), '/home/var/home/.npmrc')).toBe('read');
    expect(accessOf(ground({ ...home, writes: ['/home/var/home/.npm'] }), '/home/var/home/.npm/x')).toBe('write');
    expect(accessOf(ground({ ...home, writes: ['/'] }), '/home/var/home/x')).toBe('write');
    expect(accessOf(ground({ ...home, writes: ['/'] }), '/home/var/homes')).toBe('none');
  });

  it('has no scratch folder where what it starts lives on', () => {
    expect(accessOf(ground({ scratch: null, writes: ['/'] }), '/home/var/run/scratch/1')).toBe('none');
  });
});
