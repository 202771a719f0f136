import { chmod, chown, lstat, mkdir, readdir, rename, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { directories } from '../../src/adapters/directories.ts';
import type { DirectoryStep } from '../../src/planning/step.ts';
import type { Directories } from '../../src/services/host.ts';
import { directoryKind } from '../../src/steps/directory.ts';
import { temporaryFolder } from '../services/support.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };
const isRoot = self.uid === 0;

let umask = 0;
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => {
  process.umask(umask);
});

function setUp(more: Partial<Directories> = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'web');
  const kind = directoryKind({ directories: { ...directories, ...more }, self });
  const stepFor = async (wanted: Partial<DirectoryStep> = {}): Promise<DirectoryStep> => ({
    kind: 'directory',
    target: path,
    title: `have ${path}`,
    path,
    absent: false,
    mode: null,
    owner: null,
    before: await directories.fact(path),
    ...wanted,
  });
  const put = async (mode: number) => {
    await mkdir(path);
    await chmod(path, mode);
  };
  const now = async () => {
    const entry = await lstat(path).catch(() => null);
    return entry && { mode: (entry.mode & 0o7777).toString(8).padStart(4, '0'), uid: entry.uid, gid: entry.gid };
  };
  return { folder, path, kind, stepFor, put, now };
}

type Host = ReturnType<typeof setUp>;

const untouched = async (): Promise<never> => Promise.reject(new Error('touched'));

/** Captures and applies, as the step runner does. */
async function applied({ kind }: Host, step: DirectoryStep) {
  const captured = await kind.capture(step);
  return { captured, effect: await kind.apply(step, context) };
}

describe('applying', () => {
  it.each([
    ['a new one gets 0755 under any umask', null, null, '0755'],
    ['a new one gets the mode that it asks for', null, '0700', '0700'],
    ['a new one can be sticky', null, '1777', '1777'],
    ['a new one can give its group on', null, '2770', '2770'],
    ['a present one keeps its mode', 0o750, null, '0750'],
    ['a present one keeps its special bits', 0o3770, null, '3770'],
    ['a present one gets the mode that it asks for', 0o3770, '0755', '0755'],
  ])('%s', async (_, present, mode, expected) => {
    const host = setUp();
    if (present !== null) await host.put(present);
    const { effect } = await applied(host, await host.stepFor({ mode }));
    const left = { exists: true, mode: expected, ...self };
    const endpoint = `directory ${host.path}: mode ${expected}, owner ${self.uid}:${self.gid}`;
    expect(effect).toMatchObject({
      outcome: 'applied',
      left,
      health: [{ service: host.path, status: 'healthy', endpoint }],
    });
    expect(await host.now()).toEqual({ mode: expected, ...self });
  });

  it.runIf(isRoot)('a special bit survives the change of its owner', async () => {
    const host = setUp();
    await host.put(0o2770);
    const { effect } = await applied(host, await host.stepFor({ owner: { uid: 12, gid: 34 } }));
    expect(effect.outcome).toBe('applied');
    expect(await host.now()).toEqual({ mode: '2770', uid: 12, gid: 34 });
  });

  it.runIf(isRoot)('a new one in a folder that gives its group on is as planned', async () => {
    const host = setUp();
    await chown(host.folder, 0, 34);
    await chmod(host.folder, 0o2755);
    expect((await applied(host, await host.stepFor())).effect.outcome).toBe('applied');
    expect(await host.now()).toEqual({ mode: '0755', ...self });
  });

  it('keeps what stands in it', async () => {
    const host = setUp();
    await host.put(0o755);
    await writeFile(join(host.path, 'a'), '');
    await applied(host, await host.stepFor({ mode: '0700' }));
    expect(await readdir(host.path)).toEqual(['a']);
  });

  it('removes an empty one', async () => {
    const host = setUp();
    await host.put(0o755);
    const { effect } = await applied(host, await host.stepFor({ absent: true }));
    expect(effect).toMatchObject({ outcome: 'applied', left: { exists: false }, health: [{ status: 'healthy' }] });
    expect(await host.now()).toBeNull();
  });

  it('is refused to remove one that is not empty, and says what stands in it', async () => {
    const host = setUp();
    await host.put(0o755);
    for (const name of ['a', 'b', 'c']) await writeFile(join(host.path, name), '');
    const { effect } = await applied(host, await host.stepFor({ absent: true }));
    expect(effect).toMatchObject({
      outcome: 'refused',
      code: 'not-empty',
      message: expect.stringMatching(/^\/.*\/web is not empty: [abc] and 2 more in it$/),
    });
    expect(await readdir(host.path)).toHaveLength(3);
  });

  it.each([
    ['one that is so', 0o755, {}],
    ['none, which is gone already', null, { absent: true }],
  ])('touches nothing for %s', async (_, present, wanted) => {
    const host = setUp({ make: untouched, change: untouched, remove: untouched });
    if (present !== null) await host.put(present);
    expect((await applied(host, await host.stepFor(wanted))).effect).toMatchObject({ message: 'was already so' });
  });

  it.each([
    ['has another mode', (path: string) => chmod(path, 0o700)],
    ['is gone', (path: string) => rmdir(path)],
  ])('is refused, and changes nothing, where it %s since the plan', async (_, change) => {
    const host = setUp();
    await host.put(0o755);
    const step = await host.stepFor({ mode: '0711' });
    await change(host.path);
    const before = await host.now();
    expect((await applied(host, step)).effect).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(await host.now()).toEqual(before);
  });

  it('is refused where another one is made at the last moment, and leaves that as it is', async () => {
    const host = setUp({
      make: async (path, wanted) => {
        await mkdir(path, { mode: 0o711 });
        return directories.make(path, wanted);
      },
    });
    const { effect } = await applied(host, await host.stepFor());
    expect(effect).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(await host.now()).toMatchObject({ mode: '0700' });
  });

  it('T21: sets nothing through a link that takes its place at the last moment', async () => {
    const host = setUp({
      change: async (path, wanted) => {
        await rename(path, `${path}.old`);
        await symlink('other', path);
        return directories.change(path, wanted);
      },
    });
    await host.put(0o755);
    await mkdir(join(host.folder, 'other'), { mode: 0o711 });
    await expect(applied(host, await host.stepFor({ mode: '0777' }))).rejects.toThrow(/ELOOP|ENOTDIR/);
    expect((await lstat(join(host.folder, 'other'))).mode & 0o777).toBe(0o700);
  });

  it('fails where the system did not do all of it', async () => {
    const host = setUp({ change: async () => undefined });
    await host.put(0o755);
    expect((await applied(host, await host.stepFor({ mode: '0700' }))).effect).toMatchObject({
      outcome: 'failed',
      code: 'not-as-planned',
      left: { mode: '0755' },
      health: [{ status: 'down' }],
    });
  });
});

describe('undoing', () => {
  it('removes what it made', async () => {
    const host = setUp();
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    expect(await host.kind.undo(step, captured, context)).toMatchObject({
      outcome: 'applied',
      left: { exists: false },
    });
    expect(await readdir(host.folder)).toEqual([]);
  });

  it('keeps what somebody put into it, and says what stands', async () => {
    const host = setUp();
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    await writeFile(join(host.path, 'work.txt'), 'mine');
    expect(await host.kind.undo(step, captured, context)).toMatchObject({
      outcome: 'failed',
      code: 'undo-failed',
      message: `${host.path} is not empty: work.txt in it`,
      left: { exists: true },
    });
    expect(await readdir(host.path)).toEqual(['work.txt']);
  });

  it('puts mode and owner back', async () => {
    const host = setUp();
    await host.put(0o2750);
    if (isRoot) {
      await chown(host.path, 12, 34);
      await chmod(host.path, 0o2750);
    }
    const before = await host.now();
    const step = await host.stepFor({ mode: '1777', owner: isRoot ? { uid: 1, gid: 1 } : null });
    const { captured } = await applied(host, step);
    expect(await host.now()).toMatchObject({ mode: '1777' });
    expect(await host.kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(await host.now()).toEqual(before);
  });

  it('makes what it removed', async () => {
    const host = setUp();
    await host.put(0o1770);
    const before = await host.now();
    const step = await host.stepFor({ absent: true });
    const { captured } = await applied(host, step);
    await host.kind.undo(step, captured, context);
    expect(await host.now()).toEqual(before);
  });

  it.each(['all', 'nothing', 'twice', 'gone', 'half'])('is safe whether the step did it: %s', async (what) => {
    const host = setUp();
    const step = await host.stepFor({ mode: '0755' });
    const captured = await host.kind.capture(step);
    if (what === 'half') await host.put(0o700);
    else if (what !== 'nothing') await host.kind.apply(step, context);
    if (what === 'twice') await host.kind.undo(step, captured, context);
    if (what === 'gone') await rm(host.path, { recursive: true });
    expect(await host.kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied' });
    expect(await host.now()).toBeNull();
  });

  it('says so where it does not come back as it was', async () => {
    const host = setUp();
    await host.put(0o755);
    const step = await host.stepFor({ mode: '0700' });
    const { captured } = await applied(host, step);
    const idle = directoryKind({ directories: { ...directories, change: async () => undefined }, self });
    expect(await idle.undo(step, captured, context)).toMatchObject({ outcome: 'failed', code: 'undo-failed' });
  });
});

describe('after a crash', () => {
  it.each([
    ['nothing happened', null, 'not-done'],
    ['it was only made', 0o700, 'unknown'],
    ['all was done', 0o755, 'done'],
  ])('where %s', async (_, mode, expected) => {
    const host = setUp();
    const step = await host.stepFor();
    const captured = await host.kind.capture(step);
    if (mode !== null) await host.put(mode);
    expect(await host.kind.reconcile(step, captured, context)).toBe(expected);
  });
});

describe('what it refuses to touch', () => {
  it.each([
    ['a file', (path: string) => writeFile(path, ''), /is no directory/],
    ['a link to a directory', (path: string) => symlink('.', path), /is no directory/],
    ['a dangling link', (path: string) => symlink('/nowhere', path), /is no directory/],
  ])('T21: %s that took its place since the plan', async (_, make, message) => {
    const host = setUp();
    const step = await host.stepFor();
    await make(host.path);
    await expect(host.kind.capture(step)).rejects.toThrow(message);
    await expect(host.kind.apply(step, context)).rejects.toThrow(message);
    await expect(host.kind.undo(step, { exists: false }, context)).rejects.toThrow(message);
    await expect(host.kind.observe(step)).rejects.toThrow(message);
    expect(await readdir(host.folder)).toEqual(['web']);
  });
});

describe('preview', () => {
  it.each([
    ['what is made', null, {}, `PATH: absent -> mode 0755, owner ${self.uid}:${self.gid}`],
    ['what goes', 0o700, { absent: true }, `PATH: mode 0700, owner ${self.uid}:${self.gid} -> absent`],
    ['that it is so already', 0o700, {}, 'PATH is already so'],
  ])('says %s, and changes nothing', async (_, present, wanted, text) => {
    const host = setUp();
    if (present !== null) await host.put(present);
    const before = await host.now();
    expect((await host.kind.preview(await host.stepFor(wanted))).replaceAll(host.path, 'PATH')).toBe(text);
    expect(await host.now()).toEqual(before);
  });
});
