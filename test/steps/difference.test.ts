import { applyPatch } from 'diff';
import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../src/steps/difference.ts';

const between = (before: string, after: string) =>
  differenceOf({ name: '/srv/a', text: before }, { name: '/srv/a', text: after });
const numbered = (count: number, word: string) => Array.from({ length: count }, (_, n) => `${word} ${n}\n`).join('');

describe('a difference', () => {
  it.each([
    ['a few lines', `${numbered(2_000, 'line')}x\n`, `y\n${numbered(2_000, 'line')}`],
    ['all of a long text', numbered(30_000, 'line'), numbered(30_000, 'Line')],
    ['each third line of it', numbered(30_000, 'line'), numbered(30_000, 'line').replaceAll(/3\n/g, '3!\n')],
    ['a last line without its end', numbered(3_000, 'line'), `${numbered(3_000, 'Line')}end`],
    ['all of nothing', '', numbered(30_000, 'line')],
  ])('of %s leads from the one to the other, and is found in moments', (_, before, after) => {
    const began = performance.now();
    const difference = between(before, after);
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(applyPatch(before, `${difference}\n`)).toBe(after);
  });

  it.each([
    ['a password in quotes', '"dbPassword": "hunter2-hunter2",'],
    ['a password without', 'password = hunter2-hunter2'],
    ['one of YAML', '  db_password: hunter2-hunter2 # why'],
    ['a variable', 'export PGPASSWORD=hunter2-hunter2'],
    ['a token of a known form', '# ghp_hunter2hunter2hunter2hunter2hunter2hunt'],
    ['a property list', '<key>API_KEY</key>\n<string>hunter2-hunter2</string>'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----'],
  ])('T24: shows no %s of the present text, be it beside what changes or in it', (_, secret) => {
    expect(between(`a\n${secret}\nb\n`, `a\n${secret}\nc\n`)).not.toContain('hunter2');
    expect(between(`a\n${secret}\nb\n`, 'a\nb\n')).not.toContain('hunter2');
    expect(between(`a\n${secret}\nb\n`, `a\n${secret}\nc\n`)).toContain(' [not shown: it looks like a secret]');
  });

  it('shows what only has the name of a secret', () => {
    const text = 'password: ${PASSWORD}\ntoken_ttl: 36000000\npassword: secret:file/db\n';
    expect(between(text, `${text}a\n`)).not.toContain('[not shown');
  });
});
