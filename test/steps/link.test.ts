import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { links } from '../../src/adapters/links.ts';
import type { LinkStep } from '../../src/planning/step.ts';
import type { Links } from '../../src/services/host.ts';
import { linkKind } from '../../src/steps/link.ts';
import { temporaryFolder } from '../services/support.ts';

const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };

async function setUp(present: string | null, more: Partial<Links> = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'current');
  await writeFile(join(folder, 'one'), '1');
  await writeFile(join(folder, 'two'), '2');
  if (present !== null) await symlink(present, path);
  const kind = linkKind({ links: { ...links, ...more } });
  const step: LinkStep = {
    kind: 'link',
    target: path,
    title: `link ${path}`,
    path,
    wanted: 'two',
    before: { target: present },
  };
  const now = () => readlink(path).catch(() => null);
  return { folder, path, kind, step, now };
}

describe('applying', () => {
  it.each([
    ['makes one', null, 'two'],
    ['swaps one', 'one', 'two'],
    ['removes one', 'one', null],
    ['swaps one that leads nowhere', '/nowhere', 'two'],
    ['swaps one that leads to itself', 'current', 'two'],
  ])('%s, and touches nothing of what it led to', async (_, present, wanted) => {
    const host = await setUp(present);
    expect(await host.kind.apply({ ...host.step, wanted }, context)).toMatchObject({
      outcome: 'applied',
      left: { target: wanted },
      health: [{ service: host.path, status: 'healthy', endpoint: `link ${host.path}: ${wanted ?? 'absent'}` }],
    });
    expect(await host.now()).toBe(wanted);
    expect(await readFile(join(host.folder, 'one'), 'utf8')).toBe('1');
    expect((await readdir(host.folder)).filter((name) => name !== 'current')).toEqual(['one', 'two']);
  });

  it('says where it leads nowhere', async () => {
    const host = await setUp(null);
    expect(await host.kind.apply({ ...host.step, wanted: 'three' }, context)).toMatchObject({
      outcome: 'applied',
      health: [{ status: 'degraded' }],
    });
  });

  it('is never gone while it is swapped', async () => {
    const host = await setUp('one');
    const swapped = new AbortController();
    const watching = (async () => {
      const seen = new Set<string | null>();
      while (!swapped.signal.aborted) seen.add(await host.now());
      return seen;
    })();
    for (let round = 0; round < 50; round += 1) await links.swap(host.path, round % 2 === 0 ? 'two' : 'one');
    swapped.abort();
    expect([...(await watching)]).not.toContain(null);
  });

  it('swaps one with the longest name that there can be', async () => {
    const host = await setUp(null);
    const path = join(host.folder, 'a'.repeat(255));
    await symlink('one', path);
    expect(await host.kind.apply({ ...host.step, path, before: { target: 'one' } }, context)).toMatchObject({
      outcome: 'applied',
    });
    expect(await readlink(path)).toBe('two');
  });

  it.each([['one'], [null], ['two']])('touches nothing where it is %s already', async (present) => {
    const host = await setUp(present);
    const before = present === null ? null : (await lstat(host.path)).ino;
    const step = { ...host.step, wanted: present };
    expect(await host.kind.apply(step, context)).toMatchObject({ outcome: 'applied', message: 'was already so' });
    expect(before === null ? null : (await lstat(host.path)).ino).toBe(before);
  });

  it.each([
    ['leads elsewhere', 'one', 'other'],
    ['is gone', 'one', null],
    ['came up', null, 'two'],
  ])('is refused, and changes nothing, where it %s since the plan', async (_, planned, present) => {
    const host = await setUp(present);
    const step = { ...host.step, before: { target: planned } };
    expect(await host.kind.apply(step, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(await host.now()).toBe(present);
  });

  it('is refused where a file comes up at the last moment, and leaves that as it is', async () => {
    const host = await setUp(null, {
      make: async (path, target) => {
        await writeFile(path, 'mine');
        return links.make(path, target);
      },
    });
    expect(await host.kind.apply(host.step, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(await readFile(host.path, 'utf8')).toBe('mine');
  });

  it('leaves nothing beside it where it cannot be swapped', async () => {
    const host = await setUp('one', {
      swap: async (path, target) => {
        await rm(path);
        await mkdir(path);
        return links.swap(path, target);
      },
    });
    await expect(host.kind.apply(host.step, context)).rejects.toThrow(/EISDIR|ENOTDIR|EEXIST/);
    expect(await readdir(host.folder)).toEqual(['current', 'one', 'two']);
  });

  it('fails where the system did not do it', async () => {
    const host = await setUp('one', { swap: async () => undefined });
    expect(await host.kind.apply(host.step, context)).toMatchObject({
      outcome: 'failed',
      code: 'not-as-planned',
      message: `${host.path} is one, not two`,
      left: { target: 'one' },
    });
  });
});

describe('undoing', () => {
  it('leads nothing back to what has gone meanwhile', async () => {
    const host = await setUp('one');
    const captured = await host.kind.capture(host.step);
    await host.kind.apply(host.step, context);
    await rm(join(host.folder, 'one'));
    const message = `one, to which ${host.path} led, is gone: it stays as it is`;
    expect(await host.kind.undo(host.step, captured, context)).toMatchObject({ code: 'undo-failed', message });
    expect(await host.now()).toBe('two');
  });

  it.each([[null], ['one'], ['/nowhere']])('has it lead where it led: %s', async (present) => {
    const host = await setUp(present);
    const captured = await host.kind.capture(host.step);
    await host.kind.apply(host.step, context);
    expect(await host.kind.undo(host.step, captured, context)).toMatchObject({
      outcome: 'applied',
      message: 'as it was',
    });
    expect(await host.now()).toBe(present);
  });

  it('makes what it removed', async () => {
    const host = await setUp('one');
    const step = { ...host.step, wanted: null };
    const captured = await host.kind.capture(step);
    await host.kind.apply(step, context);
    await host.kind.undo(step, captured, context);
    expect(await host.now()).toBe('one');
  });

  it.each(['nothing', 'twice', 'gone'])('is safe whether the step did it: %s', async (what) => {
    const host = await setUp('one');
    const captured = await host.kind.capture(host.step);
    if (what !== 'nothing') await host.kind.apply(host.step, context);
    if (what === 'twice') await host.kind.undo(host.step, captured, context);
    if (what === 'gone') await rm(host.path);
    expect((await host.kind.undo(host.step, captured, context)).outcome).toBe('applied');
    expect(await host.now()).toBe('one');
  });

  it('says so where it does not lead there again', async () => {
    const host = await setUp('two', { swap: async () => undefined });
    expect(await host.kind.undo(host.step, { target: 'one' }, context)).toMatchObject({
      outcome: 'failed',
      code: 'undo-failed',
      message: `${host.path} is two, and was one`,
    });
  });
});

describe('after a crash', () => {
  it.each([
    ['done', 'two', 'done'],
    ['not done', 'one', 'not-done'],
    ['unknown', 'other', 'unknown'],
  ])('what it did is %s', async (_, present, expected) => {
    const host = await setUp(present);
    expect(await host.kind.reconcile(host.step, { target: 'one' }, context)).toBe(expected);
  });
});

describe('what it refuses to touch', () => {
  it.each([
    ['a file', (path: string) => writeFile(path, 'mine')],
    ['a directory', (path: string) => mkdir(path)],
  ])('T21: %s that took its place since the plan', async (_, make) => {
    const host = await setUp('one');
    await rm(host.path);
    await make(host.path);
    const inode = (await lstat(host.path)).ino;
    const message = `${host.path} is no symbolic link`;
    await expect(host.kind.capture(host.step)).rejects.toThrow(message);
    await expect(host.kind.apply(host.step, context)).rejects.toThrow(message);
    await expect(host.kind.undo(host.step, { target: null }, context)).rejects.toThrow(message);
    await expect(host.kind.observe(host.step)).rejects.toThrow(message);
    expect((await lstat(host.path)).ino).toBe(inode);
  });
});

describe('preview', () => {
  it.each([
    [null, 'two', 'PATH: absent -> two'],
    ['one', 'two', 'PATH: one -> two'],
    ['one', null, 'PATH: one -> absent'],
    ['two', 'two', 'PATH is already two'],
    [null, null, 'PATH is already absent'],
  ])('of %s to %s', async (present, wanted, text) => {
    const host = await setUp(present);
    expect((await host.kind.preview({ ...host.step, wanted })).replaceAll(host.path, 'PATH')).toBe(text);
    expect(await host.now()).toBe(present);
  });
});
