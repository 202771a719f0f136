import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../../jobs/config/package.ts';
import type { PackageFact } from '../../../src/planning/facts.ts';

const jq = { manager: 'apt', name: 'jq' } as const;
const NONE: PackageFact = { value: null, versions: ['1.7', '1.6'], candidate: '1.6' };
const plan = (given: object, present: Partial<PackageFact> = {}) =>
  packageVersion.plan({ ...jq, ...given }, { present: { ...NONE, ...present } });

describe('config.package', () => {
  it('asks for the package, and goes from what is there to what is wanted', () => {
    expect(packageVersion.facts(jq)).toEqual({ present: { ask: 'package', manager: 'apt', name: 'jq' } });
    expect(plan({ version: '1.7' })).toEqual([
      {
        kind: 'setting',
        target: 'apt/jq',
        title: 'have jq 1.7 (apt)',
        store: 'apt',
        name: 'jq',
        wanted: '1.7',
        before: { value: null },
        remains: 'what came along with it, and its configuration',
        oneWay: false,
      },
    ]);
  });

  it.each([
    ['the version that is named', { version: '1.7' }, null, '1.7'],
    ['the version that the manager chooses', {}, null, '1.6'],
    ['whichever is there', {}, '1.6', '1.6'],
    ['whichever is there, also where it can be had no more', {}, '1.5', '1.5'],
    ['the version that is there, also where it can be had no more', { version: '1.5' }, '1.5', '1.5'],
    ['another one, where the one before can be had', { version: '1.7' }, '1.6', '1.7'],
    ['none', { absent: true }, '1.6', null],
    ['none, where there is none', { absent: true }, null, null],
  ])('wants %s', (_, given, value, wanted) => {
    expect(plan(given, { value })).toMatchObject([{ wanted, before: { value }, oneWay: false }]);
  });

  it.each([
    ['an upgrade', { version: '1.7' }],
    ['a removal', { absent: true }],
  ])('refuses %s of what can be had no more, unless it is signed for', (_, given) => {
    expect(() => plan(given, { value: '1.5' })).toThrow(/apt has jq 1\.5 no more, so this could not be undone/);
    expect(plan({ ...given, without_undo: true }, { value: '1.5' })).toMatchObject([{ oneWay: true }]);
  });

  it('is reversible, unless it says that it is not', () => {
    expect(packageVersion.reversible(jq)).toBe(true);
    expect(packageVersion.reversible({ ...jq, without_undo: true })).toBe(false);
  });

  it('says what there is, where that is not what is wanted', () => {
    expect(() => plan({ version: '9' })).toThrow('apt has no jq 9, but 1.7, 1.6');
    expect(() => plan({ version: '9' }, { versions: [] })).toThrow('apt has no jq 9, but none at all');
    expect(() => plan({}, { versions: [], candidate: null })).toThrow('apt has no package jq to install');
  });

  it('needs policy for the package', () => expect(packageVersion.needs(jq)).toEqual(['package:jq']));

  it.each([
    { name: '-oAPT::Get::x=y' },
    { name: '--' },
    { name: '' },
    { name: 'jq-' },
    { name: 'jq=1.6' },
    { name: 'jq/sid' },
    { name: 'jq:i386' },
    { name: 'jq^' },
    { name: '?name(jq)' },
    { name: 'jq*' },
    { name: './jq.deb' },
    { name: '/tmp/jq.deb' },
    { name: 'user/tap/jq' },
    { name: 'https://example.org/jq.rb' },
    { name: 'JQ' },
    { name: 'a b' },
    { name: 'a'.repeat(129) },
    { version: '' },
    { version: '-1' },
    { version: '1.6; id' },
    { version: '$(id)' },
    { version: '1.6 1.7' },
    { version: '1.*' },
    { version: 'secret:file/x/y' },
    { version: '1.6', absent: true },
    { absent: false },
    { without_undo: false },
    { manager: 'pip' },
    { manager: undefined },
  ])('is refused with %j', (wrong) => {
    expect(packageVersion.input.safeParse({ ...jq, ...wrong }).success).toBe(false);
  });
});
