import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { readSource, type SourceFile } from './source.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What .gitignore keeps out, and git itself. */
const NOT_OURS = new Set(['node_modules', 'dist', '.ops', 'coverage', '.git']);

export interface Tree {
  /** All paths from the root of the project; folders end in a slash. */
  paths: string[];
  /** The code of src and jobs. */
  sources: SourceFile[];
  read: (path: string) => string;
}

export function readTree(): Tree {
  const paths = walk(ROOT).map((path) => relative(ROOT, path) + (path.endsWith('/') ? '/' : ''));
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
  const sources = paths
    .filter((path) => /^(?:src|jobs)\/.*\.ts$/.test(path))
    .map((path) => readSource(path, read(path)));
  return { paths, sources, read };
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name) && !name.endsWith('.tgz'))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return [`${path}/`, ...walk(path)];
      return entry.isFile() ? [path] : [];
    });
}
