import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDaemonState } from '../../src/adapters/daemon-state.ts';
import { readRoleKey } from '../../src/adapters/etc-files.ts';
import { readSettings } from '../../src/adapters/redis-conf.ts';
import { readRegularFile } from '../../src/adapters/regular-file.ts';
import { temporaryFolder } from '../services/support.ts';

const NOT_OURS = 'is not a file of ours';

describe('a file that is read whole', () => {
  it('is read', () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'ä\n');
    expect(readRegularFile(path)).toBe('ä\n');
    expect(() => readRegularFile(`${path}.not`)).toThrow('ENOENT');
  });

  it.each<[string, (path: string) => void]>([
    ['a pipe that nobody writes to', (path) => execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdirSync(path)],
    ['a link to a device without an end', (path) => symlinkSync('/dev/zero', path)],
    ['more than fits', (path) => (writeFileSync(path, ''), truncateSync(path, 2 ** 20 + 1))],
  ])('is refused where it is %s', (_what, make) => {
    const path = join(temporaryFolder(), 'file');
    make(path);
    expect(() => readRegularFile(path)).toThrow(`${path} ${NOT_OURS}`);
  });
});

const planted = (name: string) => {
  const folder = temporaryFolder();
  execFileSync('mkfifo', ['-m', '600', join(folder, name)]);
  return { folder, path: join(folder, name) };
};

describe('a pipe planted in var holds nobody up who reads', () => {
  it('the host key', () => {
    const { path } = planted('host.key');
    expect(() => readRoleKey(path)).toThrow(NOT_OURS);
  });

  it('the settings of Redis', () => {
    expect(readSettings(planted('redis.conf').folder)).toBeUndefined();
  });

  it("the daemon's state", () => {
    expect(readDaemonState(planted('daemon.json').path)).toBeNull();
  });
});
