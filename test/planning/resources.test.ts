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

const asking = (...names: string[]) => ({ names, asks: true });
const blind = (...names: string[]) => ({ names, asks: false });

describe('the actions of one task', () => {
  it.each(COLLIDING.filter(([a]) => a !== WHOLE_HOST))('may not both need %s and %s', (a, b) => {
    expect(overlap([asking('x:1', a), asking('x:2'), asking(b)])).toBe(b);
    expect(overlap([asking(b), asking(a)])).toBe(a);
    expect([overlap([asking(b), blind(a)]), overlap([blind(b), asking(a)])]).toEqual([a, a]);
  });

  it('may both need it where no plan is made of what the other one changes', () => {
    expect(overlap([blind('path:/a'), blind('path:/a')])).toBeUndefined();
    expect(overlap([blind('path:/a'), blind('path:/a'), asking('path:/a')])).toBe('path:/a');
  });

  it.each([...APART, ...COLLIDING.filter(([a]) => a === WHOLE_HOST)])('may need %s and %s', (a, b) => {
    expect(overlap([asking(a), asking(b)])).toBeUndefined();
  });

  it('may each name what belongs together', () => {
    expect(overlap([asking('path:/etc', 'path:/etc/motd', 'path:/etc')])).toBeUndefined();
    expect(overlap([])).toBeUndefined();
    expect(overlap([asking(), asking()])).toBeUndefined();
  });
});
