import { hash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A tree by its paths: what is there, bit for bit. */
export type Picture = Readonly<Record<string, string>>;

/** Type, mode, owner and content of everything below and at this path. */
export const pictureOf = (folder: string): Picture => picture(folder, () => '');

/** The same, and whether it was as much as written again. */
export const exactPictureOf = (folder: string): Picture =>
  picture(folder, ({ ino, mtimeNs }) => ` inode ${ino} written ${mtimeNs}`);

function picture(folder: string, more: (stat: BigIntStats) => string): Picture {
  return Object.fromEntries(walk(folder).map((path) => [path, entry(path, more)]));
}

function walk(path: string): string[] {
  if (!lstatSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path).flatMap((name) => walk(join(path, name)))];
}

function entry(path: string, more: (stat: BigIntStats) => string): string {
  const stat = lstatSync(path, { bigint: true });
  const { mode, uid, gid, nlink } = stat;
  const names = stat.isFile() ? `, ${nlink} names` : '';
  return `${mode.toString(8)} ${uid}:${gid}${names} ${contentOf(path, stat)}${more(stat)}`;
}

function contentOf(path: string, stat: BigIntStats): string {
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  return stat.isFile() ? `sha256:${hash('sha256', readFileSync(path))}` : '';
}

/** Where the two differ. */
export const changedPaths = (before: Picture, after: Picture): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((path) => before[path] !== after[path]);
