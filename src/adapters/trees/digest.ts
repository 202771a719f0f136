import { createHash, hash } from 'node:crypto';

type Kind = 'file' | 'executable' | 'link' | 'directory';

/** What lies in a tree: of a file the sha256 of its content, of a link that of its target, of an empty directory that of nothing. */
export interface Fingerprint {
  path: string;
  kind: Kind;
  sha256: string;
}

/**
 * The digest of a tree, as it is the same on every host, however the tree came there: the sha256 of one line for each
 * file, link and empty directory, in the order of the paths' bytes. A line is `<letter> <sha256> <path>` and a NUL; the
 * letter is `f` for a file, `x` for one that its owner may execute, `l` for a symbolic link, `d` for an empty directory.
 * Owners, times and all other rights do not count.
 */
export function treeDigest(prints: readonly Fingerprint[]): string {
  const sorted = prints.map((print) => ({ ...print, bytes: Buffer.from(print.path) }));
  sorted.sort((one, other) => Buffer.compare(one.bytes, other.bytes));
  const sum = createHash('sha256');
  for (const { kind, sha256, path } of sorted) sum.update(`${LETTERS[kind]} ${sha256} ${path}\0`);
  return sum.digest('hex');
}

const LETTERS: Readonly<Record<Kind, string>> = { file: 'f', executable: 'x', link: 'l', directory: 'd' };

export const sha256Of = (content: string | Uint8Array): string => hash('sha256', content);
