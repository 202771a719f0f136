import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseForeignKeys } from '../../src/adapters/private-keys.ts';
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
