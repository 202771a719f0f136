import { lchown, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directories } from '../../src/adapters/directories.ts';
import { links } from '../../src/adapters/links.ts';
import { temporaryFolder } from '../services/support.ts';

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

describe('the way to a directory or link', () => {
  it('may lead through a link of the daemon itself', async () => {
    const folder = await setUp();
    expect(await directories.fact(join(folder, 'way/web'))).toMatchObject({ exists: true });
    expect(await links.fact(join(folder, 'way/current'))).toEqual({ target: 'web' });
  });

  it.runIf(isRoot)('T21: may not lead through a link of another user, who could lead it anywhere', async () => {
    const folder = await setUp(12);
    const message = `${folder}/way is a symbolic link of another user`;
    await expect(directories.fact(join(folder, 'way/web'))).rejects.toThrow(message);
    await expect(directories.fact(join(folder, 'way/web/new'))).rejects.toThrow(message);
    await expect(links.fact(join(folder, 'way/current'))).rejects.toThrow(message);
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
    await expect(directories.fact(join(folder, 'loop/web'))).rejects.toThrow('ELOOP');
  });

  it('a link to bytes that are no text is not known: its undo would lead elsewhere', async () => {
    const folder = await setUp();
    await symlink(Buffer.from([0x66, 0xff]), join(folder, 'odd'));
    await expect(links.fact(join(folder, 'odd'))).rejects.toThrow('leads to a name that is no UTF-8');
  });
});
