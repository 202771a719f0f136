import { on, once } from 'node:events';
import { Parser, type ReadEntry } from 'tar';
import { OpsError } from '../../errors.ts';
import { shown } from './names.ts';
import type { Planting } from './planting.ts';

/**
 * Plants what is in a tar: files, directories and links, as `Planting` takes them. The library reads the format, and
 * writes nothing.
 * @throws OpsError for anything else that is in it, and where it is broken.
 */
export async function plantTar(bytes: AsyncIterable<Buffer>, planting: Planting): Promise<void> {
  const parser = strictParser();
  const stop = new AbortController();
  const entries = on(parser, 'entry', { close: ['end'] });
  let read: ReadEntry | undefined;
  parser.on('error', (error) => {
    stop.abort();
    // Who reads it would wait for the rest.
    read?.destroy(error);
  });
  const feeding = feed(bytes, parser, stop.signal).catch((error) => {
    if (!stop.signal.aborted) parser.emit('error', error);
  });
  try {
    for await (const [entry] of entries) {
      read = entry.on('error', () => {});
      await plantEntry(entry, planting);
    }
  } catch (error) {
    throw error instanceof OpsError ? error : new OpsError(`the archive is broken: ${String(error)}`, { cause: error });
  } finally {
    stop.abort();
    await feeding;
  }
}

/** Emits an error for what it would pass over or cut off in silence. */
function strictParser(): Parser {
  // It is unpacked already: what is packed in what was packed is none of ours.
  const parser = new Parser({ strict: true, brotli: false, zstd: false, maxDecompressionRatio: 0 });
  const fail = (text: string) => parser.emit('error', new OpsError(text));
  parser.on('ignoredEntry', ({ path, type }) =>
    fail(`${shown(path)} is ${type}, not a file, directory or symbolic link`),
  );
  parser.on('meta', (text: string) => {
    if (/^\d+ (?:link)?path=[^\n]*\0/m.test(text)) fail(`${shown(text)} has a control character`);
  });
  return parser;
}

async function feed(bytes: AsyncIterable<Buffer>, parser: Parser, signal: AbortSignal): Promise<void> {
  let isOver = false;
  parser.on('eof', () => {
    isOver = true;
  });
  for await (const piece of bytes) {
    signal.throwIfAborted();
    // The rest is read for its digest.
    if (!isOver && !parser.write(piece)) await once(parser, 'drain', { signal });
  }
  parser.end();
}

const FILES = new Set(['File', 'OldFile', 'ContiguousFile']);

async function plantEntry(entry: ReadEntry, planting: Planting): Promise<void> {
  const { type, size, mode = 0o644, linkpath = '' } = entry;
  const path = entry.path.replace(/^(?:\.\/)+/, '');
  if ((mode & 0o7000) !== 0) throw new OpsError(`${shown(path)} has a setuid, setgid or sticky bit`);
  if (FILES.has(type)) return planting.file({ path, executable: (mode & 0o100) !== 0, size }, entry);
  entry.resume();
  const folder = path.replace(/\/$/, '');
  if (type === 'SymbolicLink') await planting.link(path, linkpath);
  else if (type !== 'Directory')
    throw new OpsError(`${shown(path)} is ${type}, not a file, directory or symbolic link`);
  else if (folder !== '' && folder !== '.') await planting.directory(folder);
}
