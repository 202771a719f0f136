import { lchown, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directories } from '../../src/adapters/directories.ts';
import { type FactSources, factReader } from '../../src/adapters/facts.ts';
import { files } from '../../src/adapters/files.ts';
import { links } from '../../src/adapters/links.ts';
import { temporaryFolder } from '../services/support.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const isRoot = process.getuid?.() === 0;

/** `real/web` is a directory, `real/current` a link; `way` leads to `real`. */
async function setUp(owner?: number) {
  const folder = temporaryFolder();
  await mkdir(join(folder, 'real/web'), { recursive: true });
  await symlink('web', join(folder, 'real/current'));
  await symlink('real', join(folder, 'way'));
  if (owner !== undefined) await lchown(join(folder, 'way'), owner, owner);
  return folder;
}

const refused = (path: string) => `${path} is a symbolic link, which may lead anywhere: name the path it leads to`;

describe('the way to a file, directory or link', () => {
  it('T21: leads through no link of the daemon itself: a command of a task could have made it', async () => {
    const folder = await setUp();
    await writeFile(join(folder, 'real/secret'), 'kept');
    const message = refused(join(folder, 'way'));
    await expect(directories.fact(join(folder, 'way/web'))).rejects.toThrow(message);
    await expect(directories.fact(join(folder, 'way/web/new'))).rejects.toThrow(message);
    await expect(links.fact(join(folder, 'way/current'))).rejects.toThrow(message);
    await expect(files.write(join(folder, 'way/secret'), 'evil', '0644', self)).rejects.toThrow(message);
    await expect(files.write(join(folder, 'way/web/new'), 'evil', '0644', self)).rejects.toThrow(message);
    await expect(files.remove(join(folder, 'way/secret'))).rejects.toThrow(message);
    expect(await readFile(join(folder, 'real/secret'), 'utf8')).toBe('kept');
    expect(await readdir(join(folder, 'real/web'))).toEqual([]);
  });

  it('T21: is looked at before a file is planned', async () => {
    const folder = await setUp();
    const reader = factReader({
      files,
      offLimits: { own: [], code: [], userHome: null, protect: [] },
    } as unknown as FactSources);
    const answer = reader.answer({ ask: 'file', path: join(folder, 'way/web/new') });
    await expect(answer).rejects.toThrow(refused(join(folder, 'way')));
  });

  it('is looked through by a health check, which changes nothing', async () => {
    const folder = await setUp();
    await writeFile(join(folder, 'real/well'), '');
    expect(await files.fact(join(folder, 'way/well'))).toMatchObject({ exists: true });
  });

  it.runIf(isRoot)('T21: leads through no link of another user', async () => {
    const folder = await setUp(12);
    await expect(directories.fact(join(folder, 'way/web'))).rejects.toThrow(refused(join(folder, 'way')));
  });

  it.each(['none/web', 'real/none/web', 'real/none/none/web'])('must be there: %s', async (path) => {
    const folder = await setUp();
    const missing = join(folder, path, '..');
    const message = `the directory ${missing} does not exist: make it first`;
    await expect(directories.fact(join(folder, path))).rejects.toThrow(message);
    await expect(links.fact(join(folder, path))).rejects.toThrow(message);
  });

  it('ends where something on it is no directory, or a name is too long', async () => {
    const folder = await setUp();
    await writeFile(join(folder, 'file'), '');
    await expect(directories.fact(join(folder, 'file/web'))).rejects.toThrow(/file does not exist|ENOTDIR/);
    await expect(directories.fact(join(folder, 'a'.repeat(256)))).rejects.toThrow('ENAMETOOLONG');
    await expect(links.fact(join(folder, 'a'.repeat(256)))).rejects.toThrow('ENAMETOOLONG');
  });

  it('ends at a link that leads to itself', async () => {
    const folder = await setUp();
    await symlink('loop', join(folder, 'loop'));
    await expect(directories.fact(join(folder, 'loop/web'))).rejects.toThrow(refused(join(folder, 'loop')));
  });

  it('a link to bytes that are no text is not known: its undo would lead elsewhere', async () => {
    const folder = await setUp();
    await symlink(Buffer.from([0x66, 0xff]), join(folder, 'odd'));
    await expect(links.fact(join(folder, 'odd'))).rejects.toThrow('leads to a name that is no UTF-8');
  });
});
