import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LogFile } from '../../src/adapters/log-file.ts';
import { START, TestClock, temporaryFolder } from '../services/support.ts';

const MIB = 1024 * 1024;
const DAY = 24 * 3600_000;

let folder: string;
let path: string;
let clock: TestClock;
let file: LogFile;
const read = (name = 'daemon.log') => readFileSync(join(folder, name), 'utf8');
const names = () => readdirSync(folder).toSorted();
const lastWrittenAt = (at: number) => utimesSync(path, at / 1000, at / 1000);

beforeEach(() => {
  folder = join(temporaryFolder(), 'log');
  path = join(folder, 'daemon.log');
  clock = new TestClock();
  file = new LogFile(path, clock);
});

describe('a line', () => {
  it('is in a private file when the call returns', () => {
    file.write('one\n');
    expect(read()).toBe('one\n');
    expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('follows those of an earlier process, and is not glued to the half of one', () => {
    mkdirSync(folder);
    writeFileSync(path, 'whole\n{"ha');
    lastWrittenAt(START);
    file.write('new\n');
    expect(read()).toBe('whole\n{"ha\nnew\n');
  });

  it('survives a kill -9 in the next instant', async () => {
    const script = `
      import { LogFile } from ${JSON.stringify(join(import.meta.dirname, '../../src/adapters/log-file.ts'))};
      const file = new LogFile(${JSON.stringify(path)}, { now: () => ${START} });
      for (let n = 1; n <= 100; n++) file.write(n + '\\n');
      process.kill(process.pid, 'SIGKILL');`;
    const { signal } = await execa(process.execPath, ['--input-type=module', '-e', script], { reject: false });
    expect([signal, read().trimEnd().split('\n').length]).toEqual(['SIGKILL', 100]);
  });
});

describe('the file is moved aside', () => {
  it('before it grows beyond 10 MiB', () => {
    const line = `${'x'.repeat(MIB - 1)}\n`;
    for (let n = 0; n < 10; n++) file.write(line);
    expect(names()).toEqual(['daemon.log']);
    file.write('next\n');
    expect([names(), read(), statSync(join(folder, 'daemon.log.1')).size]).toEqual([
      ['daemon.log', 'daemon.log.1'],
      'next\n',
      10 * MIB,
    ]);
  });

  it('when a UTC day is over', () => {
    clock.advance(DAY - (START % DAY) - 1);
    file.write('the last of the day\n');
    clock.advance(1);
    file.write('the first\n');
    file.write('the second\n');
    expect([read('daemon.log.1'), read()]).toEqual(['the last of the day\n', 'the first\nthe second\n']);
  });

  it('when an earlier process wrote it on an earlier day', () => {
    mkdirSync(folder);
    writeFileSync(path, 'yesterday\n');
    lastWrittenAt(START - DAY);
    file.write('today\n');
    expect([read('daemon.log.1'), read()]).toEqual(['yesterday\n', 'today\n']);
  });

  it('but not when the clock goes back', () => {
    file.write('tomorrow\n');
    clock.advance(-DAY);
    file.write('today\n');
    expect([names(), read()]).toEqual([['daemon.log'], 'tomorrow\ntoday\n']);
  });

  it('and the 14 newest are kept, all private', () => {
    for (let n = 1; n <= 20; n++) {
      file.write(`${n}\n`);
      clock.advance(DAY);
    }
    expect(names()).toHaveLength(15);
    expect([read(), read('daemon.log.1'), read('daemon.log.14')]).toEqual(['20\n', '19\n', '6\n']);
    expect(names().map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(Array(15).fill(0o600));
  });
});

describe('nothing ends the daemon', () => {
  it('that removes the file or its folder: they are made anew', () => {
    file.write('one\n');
    rmSync(path);
    file.write('two\n');
    expect(read()).toBe('two\n');
    rmSync(folder, { recursive: true });
    file.write('three\n');
    expect(read()).toBe('three\n');
  });

  it('that moves or empties the file', () => {
    file.write('one\n');
    renameSync(path, `${path}.away`);
    file.write('two\n');
    truncateSync(path, 0);
    file.write('three\n');
    expect([read('daemon.log.away'), read()]).toEqual(['one\n', 'three\n']);
  });

  it('that another process moved aside: it follows, and moves nothing again', () => {
    const other = new LogFile(path, clock);
    file.write(`${'x'.repeat(10 * MIB - 1)}\n`);
    other.write('two\n');
    lastWrittenAt(START);
    file.write('three\n');
    expect([names(), read()]).toEqual([['daemon.log', 'daemon.log.1'], 'two\nthree\n']);
  });

  it('that makes the disk full: lines are lost, which is said once, until there is room again', () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    mkdirSync(folder);
    symlinkSync('/dev/full', path);
    file.write('lost\n');
    file.write('lost too\n');
    rmSync(path);
    file.write('found\n');
    expect(read()).toBe('found\n');
    expect(said.mock.calls.map(([text]) => text)).toEqual([
      `${path}: lines are lost: ENOSPC: no space left on device, write\n`,
    ]);
    said.mockRestore();
  });

  it('that is in the way of the folder', () => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    writeFileSync(folder, '');
    file.write('lost\n');
    expect(said).toHaveBeenCalledOnce();
    rmSync(folder);
    file.write('found\n');
    expect([existsSync(path), read()]).toEqual([true, 'found\n']);
    said.mockRestore();
  });

  it('that keeps the file from being moved: it grows on', () => {
    file.write('one\n');
    for (let n = 1; n <= 14; n++) mkdirSync(join(folder, `daemon.log.${n}`, 'in-the-way'), { recursive: true });
    clock.advance(DAY);
    file.write('two\n');
    expect(read()).toBe('one\ntwo\n');
  });
});
