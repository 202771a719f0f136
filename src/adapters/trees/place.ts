import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { OpsError } from '../../errors.ts';

/** Where a release lies, and what belongs to it. */
export interface Place {
  path: string;
  /** That of all releases. */
  folder: string;
  /** What is begun, or on its way out. */
  making: string;
  /** Says that the release is whole. */
  marker: string;
}

const RELEASE = /^\/(?:[^/]+\/)+releases\/\d{8}T\d{6}Z-[0-9a-f]{8}$/;
const MAKING = '.making-';

/** @throws OpsError where it is none of a release. */
export function placeOf(path: string): Place {
  if (!RELEASE.test(path) || path.split('/').includes('..')) throw new OpsError(`${path} is no path of a release`);
  const [folder, id] = [dirname(path), basename(path)];
  return { path, folder, making: join(folder, `${MAKING}${id}`), marker: join(folder, `.${id}.json`) };
}

/** What else a crash left in the folder of releases: begun, or said to be whole and not there. */
export async function leftIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const isLeft = (name: string) => name.startsWith(MAKING) || (isMarker(name) && !names.includes(name.slice(1, -5)));
  return names.filter(isLeft).map((name) => join(folder, name));
}

const isMarker = (name: string): boolean => /^\.\d{8}T\d{6}Z-[0-9a-f]{8}\.json$/.test(name);

const Marker = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

/** The digest of the release as it was fetched; empty where nothing says that it is whole. */
export async function markedDigest({ marker }: Place): Promise<string> {
  const text = await readFile(marker, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new OpsError(`cannot read ${marker}: ${error.message}`, { cause: error });
  });
  if (text === null) return '';
  try {
    return Marker.parse(JSON.parse(text)).digest;
  } catch {
    return '';
  }
}
