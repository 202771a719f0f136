import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { LogFile } from '../../src/adapters/log-file.ts';
import { LogReader } from '../../src/adapters/log-reader.ts';
import { TestClock, temporaryFolder } from '../services/support.ts';

const DAY = 24 * 3600_000;
let path: string;

beforeEach(() => {
  path = join(temporaryFolder(), 'log', 'daemon.log');
  mkdirSync(dirname(path));
});

function reader(): LogReader {
  const opened = new LogReader(path);
  onTestFinished(() => opened[Symbol.dispose]());
  return opened;
}

/** Everything that comes, as it comes. */
function follow(): string[] {
  const seen: string[] = [];
  const lines = reader().forward(systemClock);
  void (async () => {
    for await (const line of lines) seen.push(line);
  })();
  return seen;
}

describe('backward', () => {
  it('gives whole lines, the newest first, through the old files', () => {
    writeFileSync(`${path}.2`, 'a\nb\n');
    writeFileSync(`${path}.1`, 'c\n');
    writeFileSync(path, 'd\n\ne\n{"ha');
    expect(reader().backward().toArray()).toEqual(['e', '', 'd', 'c', 'b', 'a']);
  });

  it.each([
    ['nothing', ''],
    ['no whole line', 'half'],
  ])('gives nothing of a file with %s', (_, text) => {
    writeFileSync(path, text);
    expect(reader().backward().toArray()).toEqual([]);
  });

  it('gives nothing where there is no log', () => {
    expect(reader().backward().toArray()).toEqual([]);
  });

  it('puts lines together that lie across its chunks, however long, whatever their characters', () => {
    const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${'€ä😀'.repeat(n % 97)}`);
    lines.push('x'.repeat(200_000), 'the last');
    writeFileSync(path, `${lines.join('\n')}\n`);
    expect(reader().backward().toArray()).toEqual(lines.toReversed());
  });

  it('gives each line once although the file is moved aside meanwhile', () => {
    writeFileSync(`${path}.1`, 'a\n');
    writeFileSync(path, 'b\n');
    const opened = reader();
    renameSync(`${path}.1`, `${path}.2`);
    renameSync(path, `${path}.1`);
    writeFileSync(path, '');
    expect(opened.backward().toArray()).toEqual(['b', 'a']);
  });

  it('reads no more of a large file than it needs', () => {
    writeFileSync(path, '');
    // More than there is memory for; nothing of it is on the disk.
    truncateSync(path, 64 * 1024 ** 3);
    appendFileSync(path, '\nlast but one\nlast\n');
    expect(reader().backward().take(2).toArray()).toEqual(['last', 'last but one']);
  });
});

describe('forward', () => {
  it('gives what is added after the last whole line, once it is whole', async () => {
    writeFileSync(path, 'old\nhal');
    const seen = follow();
    appendFileSync(path, 'f\nnew\n');
    await vi.waitFor(() => expect(seen).toEqual(['half', 'new']));
    appendFileSync(path, 'ne');
    appendFileSync(path, 'xt\n');
    await vi.waitFor(() => expect(seen).toEqual(['half', 'new', 'next']));
  });

  it('gives each line once and in order while the log is moved aside again and again', async () => {
    const clock = new TestClock();
    const file = new LogFile(path, clock);
    const seen = follow();
    const all = Array.from({ length: 60 }, (_, n) => `line ${n}`);
    for (const [n, line] of all.entries()) {
      file.write(`${line}\n`);
      if (n % 5 === 4) clock.advance(DAY);
      // So that it must catch up with one move, with two, with three.
      await vi.waitUntil(() => n % 10 !== 9 || seen.length === n + 1);
    }
    expect(seen).toEqual(all);
  });

  it('waits for a log, and for its folder', async () => {
    rmSync(dirname(path), { recursive: true });
    const seen = follow();
    new LogFile(path, new TestClock()).write('the first\n');
    await vi.waitFor(() => expect(seen).toEqual(['the first']), { timeout: 5_000 });
  });

  it('goes on in a file that was emptied or removed', async () => {
    writeFileSync(path, 'old\n');
    const seen = follow();
    truncateSync(path, 0);
    appendFileSync(path, 'b\n');
    await vi.waitFor(() => expect(seen).toEqual(['b']));
    rmSync(path);
    appendFileSync(path, 'c\n');
    await vi.waitFor(() => expect(seen).toEqual(['b', 'c']), { timeout: 5_000 });
  });
});
