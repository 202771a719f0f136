import { hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { OpsError } from '../../errors.ts';
import { Bytes } from './bytes.ts';
import { type GitPlace, insistOnGit, objectsIn } from './git-program.ts';
import { type GitParts, mirrorWith } from './mirror.ts';
import { shown } from './names.ts';
import type { PlantedFile, Planting } from './planting.ts';

interface Listed extends PlantedFile {
  /** Git's, of its content. */
  id: string;
  isLink: boolean;
}

/**
 * Plants the files of a commit as they are in it: neither attributes (export-ignore, export-subst, filters, line ends)
 * nor LFS change anything. Submodules are refused.
 * @throws OpsError where the commit cannot be had.
 */
export async function plantCommit(
  source: { remote: string; commit: string },
  planting: Planting,
  { signal, ...parts }: GitParts & { signal: AbortSignal },
): Promise<void> {
  const mirror = await mirrorWith(source, parts, signal);
  const fetched: Listed[] = [];
  for (const file of await listed(source.commit, mirror))
    if (file.isLink || !(await planting.shared(file, (content) => idOf(content) === file.id))) fetched.push(file);
  await using bytes = new Bytes(
    objectsIn(
      mirror,
      fetched.map(({ id }) => id),
    ),
  );
  for (const file of fetched) await plantNext(file, bytes, planting);
  await bytes.end();
}

const idOf = (content: Buffer): string =>
  hash('sha1', Buffer.concat([Buffer.from(`blob ${content.length}\0`), content]));

async function listed(commit: string, mirror: GitPlace): Promise<Listed[]> {
  const list = await insistOnGit(mirror, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit]);
  return list.split('\0').filter(Boolean).map(listedIn);
}

function listedIn(line: string): Listed {
  const [, mode, type, id = '', size, path = ''] = /^(\d+) (\w+) ([0-9a-f]+) +(\d+|-)\t(.+)$/s.exec(line) ?? [];
  if (type === 'commit')
    throw new OpsError(`${shown(path)} is a submodule, which is not fetched: have its files in it`);
  if (type !== 'blob') throw new OpsError(`git lists ${shown(line)}, which is not as known`);
  return { path, id, size: Number(size), executable: mode === '100755', isLink: mode === '120000' };
}

async function plantNext(file: Listed, bytes: Bytes, planting: Planting): Promise<void> {
  const head = await bytes.line();
  if (head !== `${file.id} blob ${file.size}`)
    throw new OpsError(`git does not give ${shown(file.path)}: ${shown(head)}`);
  if (file.isLink) await planting.link(file.path, await text(bytes.take(file.size)));
  else await planting.file(file, bytes.take(file.size));
  await bytes.line();
}
