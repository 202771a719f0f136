import { chmod, chown, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files } from '../../src/adapters/files.ts';
import { snapshotsIn } from '../../src/adapters/snapshots.ts';
import { OpsError } from '../../src/errors.ts';
import type { Content } from '../../src/planning/content/content.ts';
import type { FileFact } from '../../src/planning/facts.ts';
import type { FileStep } from '../../src/planning/step.ts';
import type { Files } from '../../src/services/host.ts';
import type { Secrets } from '../../src/services/ports.ts';
import type { Answer, Done } from '../../src/services/step-kind.ts';
import { fileKind } from '../../src/steps/file.ts';
import { temporaryFolder } from '../services/support.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const context = { task_id: 't', work: 't', n: 1, signal: new AbortController().signal, output: async () => undefined };
const textOf = (text: string) => ({ type: 'text', text }) as const;
const isRoot = self.uid === 0;

let umask = 0;
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => {
  process.umask(umask);
});

const NO_SECRETS: Secrets['fetch'] = async (ref) => {
  throw new OpsError(`${ref} is not there: make it first`);
};

function setUp(more: { files?: Partial<Files>; fetch?: Secrets['fetch'] } = {}) {
  const folder = temporaryFolder();
  const path = join(folder, 'a.conf');
  const kind = fileKind({
    files: { ...files, ...more.files },
    snapshots: snapshotsIn(join(folder, 'snapshots')),
    secrets: { fetch: more.fetch ?? NO_SECRETS },
    self,
  });
  const stepFor = async (wanted: Partial<FileStep> = {}): Promise<FileStep> => ({
    kind: 'file',
    target: path,
    title: `write ${path}`,
    path,
    content: textOf('new\n'),
    mode: null,
    owner: null,
    before: await files.fact(path),
    ...wanted,
  });
  const put = async (content: string, mode: number) => {
    await writeFile(path, content);
    await chmod(path, mode);
  };
  const now = async () => {
    const { mode, uid, gid } = await stat(path);
    return { content: await readFile(path, 'utf8'), mode: (mode & 0o7777).toString(8), uid, gid };
  };
  return { folder, path, kind, stepFor, put, now };
}

const wordOf = (answer: Answer | Done): Answer => (typeof answer === 'string' ? answer : 'done');

/** Captures and applies, as the step runner does. */
async function applied({ kind }: ReturnType<typeof setUp>, step: FileStep) {
  const captured = await kind.capture(step);
  return { captured, effect: await kind.apply(step, context) };
}

describe('applying', () => {
  it.each([
    ['a new file gets 0644 under any umask', null, null, '644'],
    ['a new file gets the mode that it asks for', null, '0600', '600'],
    ['a present file keeps its mode', 0o640, null, '640'],
    ['a present private file stays private', 0o600, null, '600'],
    ['a present file gets the mode that it asks for', 0o600, '0755', '755'],
    ['a mode of 0700 is kept', 0o700, null, '700'],
    ['a setuid bit is kept', 0o4755, null, '4755'],
  ])('%s', async (_, present, mode, expected) => {
    const host = setUp();
    if (present !== null) await host.put('old\n', present);
    const { effect } = await applied(host, await host.stepFor({ mode }));
    expect(effect).toMatchObject({ outcome: 'applied', message: 'written', left: await files.fact(host.path) });
    expect(await host.now()).toEqual({ content: 'new\n', mode: expected, ...self });
  });

  it.runIf(isRoot)('keeps the owner of a present file, or gives it the one that it asks for', async () => {
    const host = setUp();
    await host.put('old\n', 0o640);
    await chown(host.path, 12, 34);
    await applied(host, await host.stepFor());
    expect(await host.now()).toMatchObject({ uid: 12, gid: 34, mode: '640' });
    await applied(host, await host.stepFor({ owner: { uid: 56, gid: 78 } }));
    expect(await host.now()).toMatchObject({ uid: 56, gid: 78, mode: '640' });
  });

  it('fails where the system did not do all of it, e.g. gave the file another owner', async () => {
    const without: Files['write'] = (path, content, mode) => files.write(path, content, mode, self);
    const host = setUp({ files: { write: without } });
    const { effect } = await applied(host, await host.stepFor({ owner: { uid: self.uid + 1, gid: self.gid } }));
    expect(effect).toMatchObject({ outcome: 'failed', left: { uid: self.uid } });
  });

  it('writes nothing where all is as it should be', async () => {
    const host = setUp();
    await host.put('new\n', 0o644);
    const { ino } = await stat(host.path);
    const { effect } = await applied(host, await host.stepFor());
    expect(effect).toMatchObject({ outcome: 'applied', message: 'was already so' });
    expect((await stat(host.path)).ino).toBe(ino);
  });

  it.each([
    ['has other content', (path: string) => writeFile(path, 'by hand')],
    ['has another mode', (path: string) => chmod(path, 0o600)],
    ['is gone', (path: string) => rm(path)],
  ])('fails and changes nothing where the file %s since the plan', async (_, change) => {
    const host = setUp();
    await host.put('old\n', 0o644);
    const step = await host.stepFor();
    await change(host.path);
    const before = await files.fact(host.path);
    const { effect } = await applied(host, step);
    expect(effect).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect(await files.fact(host.path)).toEqual(before);
  });

  it('fails where a file has appeared since the plan', async () => {
    const host = setUp();
    const step = await host.stepFor();
    await host.put('by hand', 0o644);
    expect((await applied(host, step)).effect.code).toBe('changed-since-plan');
    expect((await host.now()).content).toBe('by hand');
  });

  it('T22: is not begun where the file is another one for a moment while it is kept: its undo would find nothing', async () => {
    const host = setUp({
      files: {
        read: async (path) => {
          await writeFile(path, 'for a moment');
          const content = await files.read(path);
          await writeFile(path, 'old');
          return content;
        },
      },
    });
    await host.put('old', 0o644);
    await expect(host.kind.capture(await host.stepFor())).rejects.toThrow(`${host.path} changed while it was read`);
  });

  it('writes empty and multi-byte content as it is', async () => {
    const host = setUp();
    for (const content of ['', 'grün 🌱\n', '\u0000\r\n']) {
      await applied(host, await host.stepFor({ content: textOf(content) }));
      expect((await host.now()).content).toBe(content);
    }
  });
});

describe('undoing', () => {
  it('removes a file that was not there', async () => {
    const host = setUp();
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    expect(await host.kind.undo(step, captured, context)).toMatchObject({
      outcome: 'applied',
      message: 'gone again',
      health: [{ service: host.path, status: 'healthy', endpoint: `file ${host.path} gone again` }],
    });
    expect(await readdir(host.folder)).toEqual(['snapshots']);
  });

  it('puts content, mode and owner back', async () => {
    const host = setUp();
    await host.put('old\n', 0o600);
    if (isRoot) await chown(host.path, 12, 34);
    const before = await host.now();
    const step = await host.stepFor({ mode: '0755', owner: isRoot ? { uid: 1, gid: 1 } : null });
    const { captured } = await applied(host, step);
    expect((await host.now()).mode).toBe('755');
    expect(await host.kind.undo(step, captured, context)).toMatchObject({ outcome: 'applied', message: 'as it was' });
    expect(await host.now()).toEqual(before);
  });

  it('puts bytes back that are no text', async () => {
    const host = setUp();
    const bytes = Buffer.from([0, 255, 254, 13, 10, 128]);
    await writeFile(host.path, bytes);
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    await host.kind.undo(step, captured, context);
    expect(await readFile(host.path)).toEqual(bytes);
  });

  it.each(['all', 'nothing', 'twice', 'gone'])('is safe whether the step did it: %s', async (what) => {
    const host = setUp();
    await host.put('old\n', 0o640);
    const step = await host.stepFor();
    const captured = await host.kind.capture(step);
    if (what !== 'nothing') await host.kind.apply(step, context);
    if (what === 'twice') await host.kind.undo(step, captured, context);
    if (what === 'gone') await rm(host.path);
    expect((await host.kind.undo(step, captured, context)).outcome).toBe('applied');
    expect(await host.now()).toMatchObject({ content: 'old\n', mode: '640' });
  });

  it('does not write through a symbolic link that took the place of the file', async () => {
    const host = setUp();
    await host.put('old\n', 0o644);
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    const other = join(host.folder, 'other');
    await writeFile(other, 'not ours');
    await rm(host.path);
    await symlink(other, host.path);
    await host.kind.undo(step, captured, context).catch(() => undefined);
    expect(await readFile(other, 'utf8')).toBe('not ours');
  });

  it('fails where its snapshot is damaged, and leaves the file as it is', async () => {
    const host = setUp();
    await host.put('old\n', 0o644);
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    const [name] = await readdir(join(host.folder, 'snapshots'));
    await writeFile(join(host.folder, 'snapshots', name ?? ''), 'rotten');
    await expect(host.kind.undo(step, captured, context)).rejects.toThrow(/is damaged/);
    expect((await host.now()).content).toBe('new\n');
  });

  it('says so where the file does not come back as it was', async () => {
    const host = setUp({ files: { remove: async () => undefined } });
    const step = await host.stepFor();
    const { captured } = await applied(host, step);
    expect(await host.kind.undo(step, captured, context)).toMatchObject({
      outcome: 'failed',
      code: 'undo-failed',
      health: [{ status: 'down' }],
    });
  });
});

describe('after a crash', () => {
  it.each([
    ['done', 'new\n', 'done'],
    ['not done', 'old\n', 'not-done'],
    ['unknown', 'half', 'unknown'],
  ])('what it did is %s', async (_, content, expected) => {
    const host = setUp();
    await host.put('old\n', 0o644);
    const step = await host.stepFor();
    const captured = await host.kind.capture(step);
    await host.put(content, 0o644);
    expect(wordOf(await host.kind.reconcile(step, captured, context))).toBe(expected);
  });

  it('is unknown where the content is there but not the mode', async () => {
    const host = setUp();
    const step = await host.stepFor();
    const captured = await host.kind.capture(step);
    await host.put('new\n', 0o600);
    expect(await host.kind.reconcile(step, captured, context)).toBe('unknown');
  });
});

describe('what it refuses to touch', () => {
  it.each([
    ['a symbolic link', (path: string) => symlink('/etc/hostname', path), /is no regular file/],
    ['a dangling link', (path: string) => symlink('/nowhere', path), /is no regular file/],
    ['a directory', (path: string) => mkdir(path), /is no regular file/],
  ])('%s', async (_, make, message) => {
    const host = setUp();
    const step = await host.stepFor();
    await make(host.path);
    await expect(host.kind.capture(step)).rejects.toThrow(message);
    await expect(host.kind.apply(step, context)).rejects.toThrow(message);
    await expect(host.kind.observe(step)).rejects.toThrow(message);
  });

  it('a file in a directory that does not exist', async () => {
    const host = setUp();
    const step = { ...(await host.stepFor()), path: join(host.folder, 'none', 'a') };
    await expect(host.kind.apply(step, context)).rejects.toThrow(
      `the directory ${join(host.folder, 'none')} does not exist: make it first`,
    );
  });
});

const preview = async (present: string | null, wanted: Partial<FileStep> = {}) => {
  const host = setUp();
  if (present !== null) await host.put(present, 0o644);
  const step = await host.stepFor(wanted);
  return (await host.kind.preview(step)).replaceAll(host.path, 'PATH');
};

describe('preview', () => {
  it('of a new file shows mode, owner and all of its lines', async () => {
    expect(await preview(null, { content: textOf('one\ntwo\n') })).toBe(
      [
        'mode 0644',
        `owner ${self.uid}:${self.gid}`,
        '--- /dev/null',
        '+++ PATH',
        '@@ -0,0 +1,2 @@',
        '+one',
        '+two',
      ].join('\n'),
    );
  });

  it('of a present file shows what differs', async () => {
    expect(await preview('one\ntwo\n', { content: textOf('one\n2\n') })).toBe(
      ['--- PATH', '+++ PATH', '@@ -1,2 +1,2 @@', ' one', '-two', '+2'].join('\n'),
    );
  });

  it('of a change of mode or owner names it', async () => {
    const text = await preview('new\n', { mode: '0600', owner: { uid: 5, gid: 6 } });
    expect(text.split('\n').slice(0, 2)).toEqual(['mode 0600', 'owner 5:6']);
  });

  it('of what is already so says it', async () => {
    expect(await preview('new\n')).toBe('PATH is already so');
  });

  it('changes nothing', async () => {
    const host = setUp();
    await host.put('old\n', 0o644);
    const before: FileFact = await files.fact(host.path);
    await host.kind.preview(await host.stepFor());
    expect(await files.fact(host.path)).toEqual(before);
  });
});

const PASSWORD = 'correct-horse-battery';
const fetch: Secrets['fetch'] = async () => PASSWORD;
const template: Content = {
  type: 'template',
  template: 'user=a\npassword={{p}}\n',
  variables: { p: 'secret:file/db' },
};
const variables = (set: Record<string, string>, remove: string[] = []): Content => {
  return { type: 'environment', format: 'env', service: 'web', set, remove };
};

describe('a content with secrets', () => {
  it('gets them when it is written, and they are neither in the step nor in what it says', async () => {
    const asked: unknown[] = [];
    const host = setUp({ fetch: async (...about) => (asked.push(about), PASSWORD) });
    const step = await host.stepFor({ content: template });
    const { effect, captured } = await applied(host, step);
    expect((await host.now()).content).toBe(`user=a\npassword=${PASSWORD}\n`);
    expect(asked).toEqual([['secret:file/db', { task_id: 't', step: 1, signal: context.signal }]]);
    expect(effect.health).toEqual([{ service: host.path, status: 'healthy', endpoint: `file ${host.path}` }]);
    expect(JSON.stringify([step, effect, captured, await host.kind.preview(step)])).not.toContain(PASSWORD);
    expect(await host.kind.reconcile(step, captured, context)).toEqual({ health: effect.health, environment: [] });
  });

  it.each([
    ['a new file', null, null, '600'],
    ['one that all can read', 0o644, null, '600'],
    ['one that a group can read', 0o640, null, '640'],
    ['one whose mode the step says', 0o600, '0440', '440'],
  ])('leaves %s to nobody else', async (_, present, mode, expected) => {
    const host = setUp({ fetch });
    if (present !== null) await host.put('old\n', present);
    await applied(host, await host.stepFor({ content: template, mode }));
    expect((await host.now()).mode).toBe(expected);
  });

  it('is not written without them, and it is said which', async () => {
    const host = setUp();
    await host.put('old\n', 0o600);
    const { effect, captured } = await applied(host, await host.stepFor({ content: template }));
    expect(effect).toMatchObject({
      outcome: 'refused',
      code: 'secret',
      message: 'secret:file/db is not there: make it first',
    });
    expect((await host.now()).content).toBe('old\n');
    expect(await host.kind.reconcile(await host.stepFor({ content: template }), captured, context)).toBe('not-done');
  });

  it('T24: is previewed with its references, and without the lines that may hold them as they were', async () => {
    const text = await preview('user=a\npassword=older-secret\n', { content: template });
    expect(text.split('\n')).toEqual([
      'mode 0600',
      '--- PATH',
      '+++ PATH',
      '@@ -1,2 +1,2 @@',
      ' user=a',
      '-[not shown: it may hold a secret]',
      '+password=secret:file/db',
      '(a preview fetches no secret; a line with one may be so already: secret:file/db)',
    ]);
  });
});

describe('a part of a file', () => {
  it('is changed, the rest kept, and the variables are told', async () => {
    const host = setUp();
    await host.put('A=1\r\nB=2', 0o644);
    const { effect, captured } = await applied(
      host,
      await host.stepFor({ content: variables({ A: '9', C: '3' }, ['B']) }),
    );
    expect(effect).toMatchObject({ outcome: 'applied', message: 'written' });
    expect(effect.environment.map(({ variable, action }) => `${variable} ${action}`)).toEqual([
      'A modified',
      'C added',
      'B removed',
    ]);
    expect(await host.now()).toMatchObject({ content: 'A=9\r\nC=3', mode: '644' });
    await host.kind.undo(await host.stepFor(), captured, context);
    expect((await host.now()).content).toBe('A=1\r\nB=2');
  });

  it('that is already so is not written', async () => {
    const host = setUp();
    await host.put('A=1\n', 0o644);
    const { ino } = await stat(host.path);
    const step = await host.stepFor({ content: variables({ A: '1' }, ['B']) });
    expect((await applied(host, step)).effect).toMatchObject({ message: 'was already so', environment: [] });
    expect((await stat(host.path)).ino).toBe(ino);
    expect(await host.kind.preview(step)).toBe(`${host.path} is already so`);
  });

  it('is refused in words where the file cannot be understood, and nothing is written', async () => {
    const host = setUp();
    await host.put('A=1\nhunter22\n', 0o644);
    const before = await stat(host.path);
    const step = await host.stepFor({ content: variables({ A: '2' }) });
    const message = `${host.path}: line 2: neither a variable nor a comment`;
    expect((await applied(host, step)).effect).toMatchObject({ outcome: 'refused', code: 'cannot-edit', message });
    expect(await host.kind.preview(step)).toBe(`would be refused: ${message}`);
    expect(await stat(host.path)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it.each(['fact', 'read'] as const)('is refused where the file changes before its %s', async (moment) => {
    const path: { step?: FileStep } = {};
    const late = {
      fact: async (at: string) => (path.step && (await writeFile(at, 'A=by hand\n')), files.fact(at)),
      read: async (at: string) => (path.step && (await writeFile(at, 'A=by hand\n')), files.read(at)),
    };
    const host = setUp({ files: { [moment]: late[moment] } });
    await host.put('A=1\n', 0o644);
    const step = await host.stepFor({ content: variables({ A: '2' }) });
    path.step = step;
    expect(await host.kind.apply(step, context)).toMatchObject({ outcome: 'refused', code: 'changed-since-plan' });
    expect((await host.now()).content).toBe('A=by hand\n');
  });

  it.each([
    ['done', 'A=2\n', 'done'],
    ['not done', 'A=1\n', 'not-done'],
    ['unknown', 'A=3\n', 'unknown'],
  ])('is %s after a crash by what the file was and is', async (_, content, expected) => {
    const host = setUp();
    await host.put('A=1\n', 0o644);
    const step = await host.stepFor({ content: variables({ A: '2' }) });
    const captured = await host.kind.capture(step);
    await host.put(content, 0o644);
    expect(wordOf(await host.kind.reconcile(step, captured, context))).toBe(expected);
  });

  it('tells after a crash what its end would have told', async () => {
    const host = setUp();
    await host.put('A=1\nB=2\nC=3\n', 0o644);
    const step = await host.stepFor({ content: variables({ A: '9', C: '3', D: '4' }, ['B']) });
    const { captured, effect } = await applied(host, step);
    const { health, environment } = effect;
    expect(environment.map(({ variable }) => variable)).toEqual(['A', 'D', 'B']);
    expect(await host.kind.reconcile(step, captured, context)).toEqual({ health, environment });
  });

  it('is not changed through a symbolic link', async () => {
    const host = setUp();
    const step = await host.stepFor({ content: variables({ A: '2' }) });
    const other = join(host.folder, 'other');
    await writeFile(other, 'A=1\n');
    await symlink(other, host.path);
    await expect(host.kind.apply(step, context)).rejects.toThrow(/is no regular file/);
    expect(await readFile(other, 'utf8')).toBe('A=1\n');
  });
});
