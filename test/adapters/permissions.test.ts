import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseForeignKeys, refuseLooseFiles } from '../../src/adapters/permissions.ts';
import { homeOf } from '../../src/config.ts';
import { temporaryFolder } from '../services/support.ts';

function put(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '{}', { mode: 0o600 });
  return path;
}

const newHome = () => homeOf(temporaryFolder());

describe('private keys that are not the daemon’s own', () => {
  it('are looked for; its own is not one of them', () => {
    const home = newHome();
    put(home.var.hostKey);
    expect(() => refuseForeignKeys(home, false)).not.toThrow();
  });

  it('are refused, each by name, and the message says what to do', () => {
    const home = newHome();
    const found = [put(home.etc.operatorKey), put(`${home.keys}/manager.key`), put(`${home.keys}/security.key`)];
    expect(() => refuseForeignKeys(home, false)).toThrow(
      `the daemon can read private keys that are not its own (${found.join(', ')}): move them away, or set dev: true in ${home.etc.ops} to try things out`,
    );
  });

  it('may lie in a home for trying out', () => {
    const home = newHome();
    put(`${home.keys}/manager.key`);
    expect(() => refuseForeignKeys(home, true)).not.toThrow();
  });
});

describe('files that decide what runs here', () => {
  it('may be read by all and written by their owner', () => {
    const home = newHome();
    for (const path of [home.etc.ops, home.etc.policy, home.etc.keyring]) chmodSync(put(path), 0o644);
    chmodSync(home.etc.dir, 0o755);
    expect(() => refuseLooseFiles(home)).not.toThrow();
  });

  it.each(['dir', 'ops', 'policy', 'keyring'] as const)('are refused where others can write etc.%s', (name) => {
    const home = newHome();
    put(home.etc.keyring);
    if (name !== 'dir') put(home.etc[name]);
    for (const mode of [0o620, 0o602]) {
      chmodSync(home.etc[name], mode | (name === 'dir' ? 0o500 : 0));
      expect(() => refuseLooseFiles(home)).toThrow(`others can write ${home.etc[name]}: type chmod go-w`);
    }
  });
});
