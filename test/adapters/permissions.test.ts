import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { refuseForeignKeys, refuseLooseFiles } from '../../src/adapters/permissions.ts';
import { homeOf } from '../../src/config.ts';
import type { Home } from '../../src/home.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
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

/** A home with all that it may have; `choose` names one path of it. */
function homeWith(choose: (home: Home) => string): string[] {
  const home = newHome();
  const { ops, policy, keyring, redisUrl } = home.etc;
  const { ledger, hostKey, log, run, snapshots, output, redis, dir } = home.var;
  for (const path of [ops, policy, keyring, redisUrl, ledger, hostKey, log]) put(path);
  for (const folder of [run, snapshots, output, redis, home.etc.crons]) mkdirSync(folder, { mode: 0o700 });
  chmodSync(dir, 0o700);
  return [choose(home), home.root];
}

describe('files that decide what runs here', () => {
  it('may be read by all and written by their owner, but for var, which nobody else may enter', () => {
    const home = newHome();
    for (const path of [home.etc.ops, home.etc.policy, home.etc.keyring]) chmodSync(put(path), 0o644);
    for (const folder of [home.root, home.etc.dir]) chmodSync(folder, 0o755);
    for (const path of [home.var.ledger, home.var.hostKey]) put(path);
    chmodSync(home.var.dir, 0o700);
    expect(() => refuseLooseFiles(home, false)).not.toThrow();
    for (const mode of [0o750, 0o705, 0o701]) {
      chmodSync(home.var.dir, mode);
      expect(() => refuseLooseFiles(home, false)).toThrow(
        `${home.var.dir} can be read by others: type chmod go= ${home.var.dir}`,
      );
    }
  });

  const GUARDED: [string, (home: Home) => string][] = [
    ['the home', ({ root }) => root],
    ['etc', ({ etc }) => etc.dir],
    ['ops.yaml', ({ etc }) => etc.ops],
    ['policy.yaml', ({ etc }) => etc.policy],
    ['keyring.json', ({ etc }) => etc.keyring],
    ['redis-url', ({ etc }) => etc.redisUrl],
    ['the folder of definitions', ({ etc }) => etc.crons],
    ['var', (home) => home.var.dir],
    ['the ledger', (home) => home.var.ledger],
    ['var/run', (home) => home.var.run],
    ['snapshots', (home) => home.var.snapshots],
    ['output', (home) => home.var.output],
    ['the folder of Redis', (home) => home.var.redis],
    ['the host key', (home) => home.var.hostKey],
    ['its folder', (home) => dirname(home.var.hostKey)],
    ['the folder of the log', (home) => dirname(home.var.log)],
  ];

  it.each(GUARDED)('F61: are refused where others can write: %s', (_name, choose) => {
    const [path = '', root = ''] = homeWith(choose);
    const { mode } = statSync(path);
    for (const loose of [0o020, 0o002]) {
      chmodSync(path, mode | loose);
      expect(() => refuseLooseFiles(homeOf(root), false)).toThrow(
        `${path} can be written by others: type chmod go-w ${path}`,
      );
    }
    chmodSync(path, mode);
    expect(() => refuseLooseFiles(homeOf(root), false)).not.toThrow();
  });

  it('F61, T29: are refused below a folder in which somebody else can put others in their place, but for trying out', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'shared/home'), { recursive: true });
    symlinkSync(join(folder, 'shared/home'), join(folder, 'link'));
    const check = (root: string, dev = false) => refuseLooseFiles(homeOf(join(folder, root)), dev);
    for (const mode of [0o777, 0o775]) {
      chmodSync(join(folder, 'shared'), mode);
      for (const root of ['shared/home', 'link'])
        expect(() => check(root)).toThrow(
          `${folder}/shared can be written by others: type chmod go-w ${folder}/shared`,
        );
      expect(() => check('shared/home', true)).not.toThrow();
    }
    chmodSync(join(folder, 'shared'), 0o1777);
    expect(() => check('link')).not.toThrow();
  });

  describeAsRoot('that somebody else owns', () => {
    it('T29: are refused below a folder of his', () => {
      const home = homeOf(join(temporaryFolder(), 'his/home'));
      mkdirSync(home.root, { recursive: true });
      chownSync(dirname(home.root), 4711, 4711);
      expect(() => refuseLooseFiles(home, false)).toThrow(`${dirname(home.root)} belongs to another user`);
    });

    it.each(GUARDED)('F61: are refused: %s', (_name, choose) => {
      const [path = '', root = ''] = homeWith(choose);
      chownSync(path, 4711, 4711);
      expect(() => refuseLooseFiles(homeOf(root), false)).toThrow(
        `${path} belongs to another user: start as that user, or type chown 0 ${path}`,
      );
    });
  });
});
