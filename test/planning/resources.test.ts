import { describe, expect, it } from 'vitest';
import { collide, overlap, WHOLE_HOST } from '../../src/planning/resources.ts';

const COLLIDING = [
  ['host', 'host'],
  ['host', 'path:/etc/motd'],
  ['host', 'service:web'],
  ['path:/etc/motd', 'path:/etc/motd'],
  ['path:/etc', 'path:/etc/motd'],
  ['path:/etc', 'path:/etc/nginx/sites/web'],
  ['service:web', 'service:web'],
] as const;

const APART = [
  ['path:/etc/motd', 'path:/etc/hosts'],
  ['path:/etc', 'path:/etcetera'],
  ['path:/etc/nginx', 'path:/etc/nginx.conf'],
  ['path:/a', 'service:/a'],
  ['service:web', 'service:web/2'],
  ['service:web', 'service:website'],
] as const;

describe('two resources', () => {
  it.each(COLLIDING)('collide: %s and %s', (a, b) => {
    expect([collide(a, b), collide(b, a)]).toEqual([true, true]);
  });

  it.each(APART)('do not collide: %s and %s', (a, b) => {
    expect([collide(a, b), collide(b, a)]).toEqual([false, false]);
  });
});

describe('the actions of one task', () => {
  it.each(COLLIDING.filter(([a]) => a !== WHOLE_HOST))('may not both need %s and %s', (a, b) => {
    expect(overlap([['x:1', a], ['x:2'], [b]])).toBe(b);
    expect(overlap([[b], [a]])).toBe(a);
  });

  it.each([...APART, ...COLLIDING.filter(([a]) => a === WHOLE_HOST)])('may need %s and %s', (a, b) => {
    expect(overlap([[a], [b]])).toBeUndefined();
  });

  it('may each name what belongs together', () => {
    expect(overlap([['path:/etc', 'path:/etc/motd', 'path:/etc']])).toBeUndefined();
    expect(overlap([])).toBeUndefined();
    expect(overlap([[], []])).toBeUndefined();
  });
});
