import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { file } from '../../../jobs/config/file.ts';
import type { Answers } from '../../../src/planning/run-plan.ts';

const input = { path: '/etc/motd', content: 'Maintenance\n' };
const before = { exists: true, sha256: 'a'.repeat(64), mode: '0600', uid: 501, gid: 20 } as const;
const plan = (given: object, facts: Answers) => file.plan({ ...input, ...given }, facts);

describe('config.file', () => {
  it('asks for the file and its owner', () => {
    expect(file.facts(input)).toEqual({
      file: { ask: 'file', path: '/etc/motd' },
      owner: { ask: 'owner', owner: null },
    });
    expect(file.facts({ ...input, owner: '501:20' })).toMatchObject({ owner: { owner: '501:20' } });
  });

  it('writes the content over what the plan saw, and looks at it', () => {
    const sha256 = hash('sha256', input.content);
    expect(plan({}, { file: before, owner: null })).toEqual([
      {
        kind: 'file',
        target: '/etc/motd',
        title: 'write /etc/motd',
        path: '/etc/motd',
        content: { type: 'text', text: input.content },
        mode: null,
        owner: null,
        before,
      },
      {
        kind: 'probe',
        target: '/etc/motd',
        title: 'check /etc/motd (file /etc/motd)',
        probe: { type: 'file', service: '/etc/motd', path: '/etc/motd', sha256 },
      },
    ]);
  });

  it('sets mode and owner where they are given', () => {
    const owner = { uid: 0, gid: 0 };
    expect(plan({ mode: '0640', owner: 'root' }, { file: { exists: false }, owner })[0]).toMatchObject({
      mode: '0640',
      owner,
    });
  });

  it('keeps everybody else off the file', () => expect(file.resources(input)).toEqual(['path:/etc/motd']));

  it.each([
    { mode: '644' },
    { mode: '0o644' },
    { mode: '0999' },
    { mode: 420 },
    { mode: '4755' },
    { owner: '' },
    { owner: 'root; id' },
    { owner: '-1:0' },
    { owner: '501' },
    { owner: 'Root' },
    { path: 'etc/motd' },
    { path: '/etc/../motd' },
    { path: '/etc/motd/' },
    { content: 1 },
    { content: undefined },
  ])('is refused with %j', (wrong) => {
    expect(file.input.safeParse({ ...input, ...wrong }).success).toBe(false);
  });
});
