import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { sandboxExec } from '../../../src/adapters/sandbox/sandbox-exec.ts';
import type { Bounds } from '../../../src/planning/bounds.ts';
import { temporaryFolder } from '../../services/support.ts';

const DOUBLE = join(import.meta.dirname, '../../doubles/sandbox-exec/sandbox-exec.mjs');

const bounds = (more: Partial<Bounds> = {}): Bounds => ({
  rules: [
    { path: '/', access: 'read' },
    { path: '/srv/it\'s "own"', access: 'write' },
    { path: '/srv/shop', access: 'pinned' },
    { path: '/srv/shop/source', access: 'read' },
    { path: '/opt/ops/var', access: 'none' },
  ],
  network: false,
  outlives: false,
  ...more,
});

/** What a double of it was given, and how it ended. */
async function started(given: Bounds, env: Record<string, string> = {}) {
  const seen = join(temporaryFolder(), 'seen');
  const { prefix } = sandboxExec(DOUBLE).confine(given, '/');
  const args = [...prefix.slice(1), '/bin/echo', '-n', 'hello'];
  const { exitCode, stdout, stderr } = await execa(DOUBLE, args, { reject: false, env: { SEEN: seen, ...env } });
  return { exitCode, stdout, stderr, read: () => JSON.parse(readFileSync(seen, 'utf8')) };
}

describe('the profile for macOS', () => {
  it('is one rule after the other, of which the last that fits counts; paths are parameters', async () => {
    const { exitCode, stdout, read } = await started(bounds());
    expect([exitCode, stdout]).toEqual([0, 'hello']);
    const { profile, parameters } = read();
    expect(parameters).toEqual({
      P0: '/',
      P1: '/srv/it\'s "own"',
      P2: '/srv/shop',
      P3: '/srv/shop/source',
      P4: '/opt/ops/var',
    });
    expect(profile.split('\n')).toEqual([
      '(version 1)',
      '(allow default)',
      '(deny appleevent-send)',
      '(deny job-creation)',
      '(deny lsopen)',
      '(allow file-read* (subpath (param "P0")))',
      '(deny file-write* (subpath (param "P0")))',
      '(allow file-read* file-write* (subpath (param "P1")))',
      '(allow file-read* file-write* (subpath (param "P2")))',
      '(deny file-write-unlink (literal (param "P2")))',
      '(allow file-read* (subpath (param "P3")))',
      '(deny file-write* (subpath (param "P3")))',
      '(deny file-read* file-write* (subpath (param "P4")))',
      '(deny file-write* (subpath "/dev"))',
      '(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (subpath "/dev/fd"))',
      '(deny signal)',
      '(allow signal (target same-sandbox))',
      '(deny network*)',
    ]);
  });

  it('leaves the network to who may use it, and signals to who starts and stops a service', async () => {
    const { profile } = (await started(bounds({ network: true, outlives: true }))).read();
    expect(profile).not.toMatch(/network|signal/);
  });

  it('is not applied within another sandbox: nothing runs', async () => {
    const { exitCode, stdout, stderr } = await started(bounds(), { NESTED: '1' });
    expect([exitCode, stdout, stderr]).toEqual([71, '', 'sandbox-exec: sandbox_apply: Operation not permitted']);
  });
});
