import { hash } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { files } from '../../src/adapters/files.ts';
import { snapshotsIn } from '../../src/adapters/snapshots.ts';
import { temporaryFolder } from '../services/support.ts';

const SOURCE = join(import.meta.dirname, '../../src/adapters');
const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

let umask = 0;
beforeAll(() => {
  umask = process.umask(0o077);
});
afterAll(() => {
  process.umask(umask);
});

/** Runs `code` in a process for which `folder` is a disk of 64 KiB: nobody else sees that disk. */
const onSmallDisk = (folder: string, code: string) =>
  execa('unshare', [
    '-rm',
    'sh',
    '-c',
    'mount -t tmpfs -o size=64k tmpfs "$1" && exec "$0" --input-type=module -e "$2"',
    process.execPath,
    folder,
    code,
  ]);

const canMount = await execa('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).then(
  () => true,
  () => false,
);

describe('a fact', () => {
  it.each(['0600', '0644', '0700', '0755', '4755'])('shows the mode %s', async (mode) => {
    const path = join(temporaryFolder(), 'a');
    await writeFile(path, 'content');
    await chmod(path, Number.parseInt(mode, 8));
    expect(await files.fact(path)).toEqual({ exists: true, sha256: hash('sha256', 'content'), mode, ...self });
  });

  it('says that there is nothing', async () => {
    const path = join(temporaryFolder(), 'a');
    expect([await files.fact(path), await files.exists(path)]).toEqual([{ exists: false }, false]);
  });

  it('asks for the directory first', async () => {
    const folder = temporaryFolder();
    await expect(files.fact(join(folder, 'none/a'))).rejects.toThrow(
      `the directory ${join(folder, 'none')} does not exist: make it first`,
    );
  });

  it('T26, T29: refuses a file that somebody made huge, and reads none of it', async () => {
    const path = join(temporaryFolder(), 'a');
    await writeFile(path, '');
    await truncate(path, 1024 ** 4);
    await expect(files.fact(path)).rejects.toThrow('is larger than 256 MiB');
    await expect(files.read(path)).rejects.toThrow('is larger than 256 MiB');
  });

  it('T22, T29: waits for no pipe and follows no link that somebody put in its place after a look', async () => {
    const folder = temporaryFolder();
    await execa('mkfifo', [join(folder, 'pipe')]);
    await expect(files.read(join(folder, 'pipe'))).rejects.toThrow('is no regular file');
    await symlink('/etc/hostname', join(folder, 'link'));
    await expect(files.read(join(folder, 'link'))).rejects.toThrow('ELOOP');
  });

  it('refuses what is no regular file, and what lies below one', async () => {
    const folder = temporaryFolder();
    await symlink('/etc/hostname', join(folder, 'link'));
    await mkdir(join(folder, 'directory'));
    await writeFile(join(folder, 'file'), '');
    await execa('mkfifo', [join(folder, 'pipe')]);
    for (const name of ['link', 'directory', 'pipe'])
      await expect(files.fact(join(folder, name))).rejects.toThrow(`${join(folder, name)} is no regular file`);
    await expect(files.fact(join(folder, 'file/a'))).rejects.toThrow(/cannot look at .*ENOTDIR/);
  });
});

describe('writing', () => {
  it('replaces the file at once: who has it open still reads all of the old one', async () => {
    const path = join(temporaryFolder(), 'a');
    await writeFile(path, 'old '.repeat(10_000));
    const before = await stat(path);
    await using reader = await open(path);
    await files.write(path, 'new', '0644', self);
    expect(await reader.readFile('utf8')).toBe('old '.repeat(10_000));
    expect((await stat(path)).ino).not.toBe(before.ino);
    expect(await readFile(path, 'utf8')).toBe('new');
  });

  it('shows a reader the old or the new one, never a part', async () => {
    const path = join(temporaryFolder(), 'a');
    const contents = ['a', 'b'].map((letter) => letter.repeat(300_000));
    await files.write(path, contents[0] ?? '', '0600', self);
    const written = new AbortController();
    const seen = new Set<string>();
    const reading = (async () => {
      while (!written.signal.aborted) seen.add(hash('sha256', await readFile(path)));
    })();
    for (let n = 1; n <= 20; n += 1) await files.write(path, contents[n % 2] ?? '', '0600', self);
    written.abort();
    await reading;
    const whole = new Set(contents.map((content) => hash('sha256', content)));
    expect([...seen.difference(whole)]).toEqual([]);
  });

  it.each(['0600', '0644', '0755', '0700'])('gives it the mode %s under any umask', async (mode) => {
    const path = join(temporaryFolder(), 'a');
    await files.write(path, 'x', mode, self);
    expect(await files.fact(path)).toMatchObject({ mode });
  });

  it('leaves nothing else behind, whether it works or not', async () => {
    const folder = temporaryFolder();
    await files.write(join(folder, 'a'), 'x', '0644', self);
    await mkdir(join(folder, 'b'));
    await expect(files.write(join(folder, 'b'), 'x', '0644', self)).rejects.toThrow(/EISDIR|directory/);
    expect((await readdir(folder)).toSorted()).toEqual(['a', 'b']);
  });

  it('does not follow a symbolic link at the end of its path', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'target'), 'not ours');
    await symlink(join(folder, 'target'), join(folder, 'link'));
    await files.write(join(folder, 'link'), 'x', '0644', self).catch(() => undefined);
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('not ours');
  });

  it.runIf(canMount)('leaves the old file whole where the disk has room for a part of the new one only', async () => {
    const folder = temporaryFolder();
    const path = JSON.stringify(join(folder, 'a'));
    const { stdout } = await onSmallDisk(
      folder,
      `
      import { readFileSync, writeFileSync } from 'node:fs';
      import { files } from '${SOURCE}/files.ts';
      writeFileSync(${path}, 'old');
      const written = files.write(${path}, 'n'.repeat(100_000), '0644', { uid: 0, gid: 0 });
      console.log(await written.then(() => 'written', () => 'failed'), readFileSync(${path}, 'utf8').slice(0, 9));
    `,
    );
    expect(stdout).toBe('failed old');
  });
});

describe('removing', () => {
  it('is safe where there is nothing', async () => {
    const path = join(temporaryFolder(), 'a');
    await writeFile(path, '');
    await files.remove(path);
    await files.remove(path);
    expect(await files.exists(path)).toBe(false);
  });

  it('of a link removes the link', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'target'), 'kept');
    await symlink(join(folder, 'target'), join(folder, 'link'));
    await files.remove(join(folder, 'link'));
    expect(await readdir(folder)).toEqual(['target']);
  });
});

describe('snapshots', () => {
  it('are kept under their digest, for nobody else to read', async () => {
    const folder = join(temporaryFolder(), 'deep', 'snapshots');
    const snapshots = snapshotsIn(folder);
    const content = Buffer.from([0, 1, 255]);
    const sha256 = await snapshots.keep(content);
    expect(sha256).toBe(hash('sha256', content));
    expect(await snapshots.get(sha256)).toEqual(content);
    expect([(await stat(folder)).mode & 0o777, (await stat(join(folder, sha256))).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
  });

  it('are written once', async () => {
    const folder = temporaryFolder();
    const snapshots = snapshotsIn(folder);
    const sha256 = await snapshots.keep(Buffer.from('x'));
    const { ino } = await stat(join(folder, sha256));
    await snapshots.keep(Buffer.from('x'));
    expect((await stat(join(folder, sha256))).ino).toBe(ino);
  });

  it('that are damaged or gone are not given out', async () => {
    const folder = temporaryFolder();
    const snapshots = snapshotsIn(folder);
    const sha256 = await snapshots.keep(Buffer.from('content'));
    await writeFile(join(folder, sha256), 'conten');
    await expect(snapshots.get(sha256)).rejects.toThrow(`the snapshot ${sha256} is damaged`);
    await rm(join(folder, sha256));
    await expect(snapshots.get(sha256)).rejects.toThrow(/ENOENT/);
  });

  it('that are damaged are written again when the same content is kept', async () => {
    const folder = temporaryFolder();
    const snapshots = snapshotsIn(folder);
    const sha256 = await snapshots.keep(Buffer.from('content'));
    await writeFile(join(folder, sha256), 'conten');
    await snapshots.keep(Buffer.from('content'));
    expect((await snapshots.get(sha256)).toString()).toBe('content');
  });

  it.runIf(canMount)('that the disk has no room for are not said to be kept', async () => {
    const folder = temporaryFolder();
    const { stdout } = await onSmallDisk(
      folder,
      `
      import { snapshotsIn } from '${SOURCE}/snapshots.ts';
      const kept = snapshotsIn(${JSON.stringify(folder)}).keep(Buffer.alloc(100_000));
      console.log(await kept.then(() => 'kept', () => 'failed'));
    `,
    );
    expect(stdout).toBe('failed');
  });
});
