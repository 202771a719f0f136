import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isHomeLocked, lockHome } from '../../src/adapters/home-lock.ts';
import { HomeInUseError } from '../../src/errors.ts';
import { temporaryFolder } from '../services/support.ts';

const ADAPTER = join(import.meta.dirname, '../../src/adapters/home-lock.ts');

/** Another process that runs `code`, until it has said something. */
async function other(code: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: said.toString().trim() };
}

const holding = (path: string) =>
  other(`
    import { lockHome } from '${ADAPTER}';
    const lock = lockHome(${JSON.stringify(path)});
    console.log('held');
    process.stdin.resume();
    process.stdin.on('end', () => lock[Symbol.dispose]());
  `);

const lockIn = () => join(temporaryFolder(), 'var', 'run', 'lock.db');

describe('the lock of a home', () => {
  it('F29: refuses a second daemon while the first one lives', async () => {
    const path = lockIn();
    const { said } = await holding(path);
    expect(said).toBe('held');
    expect(() => lockHome(path)).toThrow('another daemon already runs on this home: see "ops status"');
    expect(isHomeLocked(path)).toBe(true);
  });

  it('dies with its holder, however that dies', async () => {
    const path = lockIn();
    const { child } = await holding(path);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isHomeLocked(path)).toBe(false);
    using lock = lockHome(path);
    expect(lock).toBeDefined();
    expect(isHomeLocked(path)).toBe(true);
  });

  it('that cannot be used is not taken for another daemon', () => {
    const path = lockIn();
    lockHome(path)[Symbol.dispose]();
    writeFileSync(path, 'x'.repeat(4096));
    const unusable = `${path} cannot be used (file is not a database)`;
    for (const use of [lockHome, isHomeLocked]) {
      expect(() => use(path)).toThrow(unusable);
      expect(() => use(path)).not.toThrow(HomeInUseError);
    }
  });

  it('is free when it was given back', () => {
    const path = lockIn();
    lockHome(path)[Symbol.dispose]();
    expect(isHomeLocked(path)).toBe(false);
    lockHome(path)[Symbol.dispose]();
  });

  it('is not there before the first daemon', () => {
    expect(isHomeLocked(lockIn())).toBe(false);
  });

  it('is not lost by looking at it', async () => {
    const path = lockIn();
    const { child } = await holding(path);
    for (let n = 0; n < 20; n += 1) expect(isHomeLocked(path)).toBe(true);
    expect(() => lockHome(path)).toThrow(/already runs/);
    child.stdin?.end();
    await once(child, 'exit');
    expect(isHomeLocked(path)).toBe(false);
  });

  it('is not lost by looking at it from the process that holds it', async () => {
    const path = lockIn();
    using lock = lockHome(path);
    expect([lock, isHomeLocked(path)]).toEqual([expect.anything(), true]);
    const { said } = await other(`
      import { isHomeLocked } from '${ADAPTER}';
      console.log(isHomeLocked(${JSON.stringify(path)}));
    `);
    expect(said).toBe('true');
  });

  it('is had by a daemon that starts while others look', async () => {
    const path = lockIn();
    lockHome(path)[Symbol.dispose]();
    const { child } = await other(`
      import { isHomeLocked } from '${ADAPTER}';
      console.log('looking');
      const look = () => { isHomeLocked(${JSON.stringify(path)}); setImmediate(look); };
      look();
    `);
    const start = () => {
      for (let n = 0; n < 20; n += 1) lockHome(path)[Symbol.dispose]();
    };
    expect(start).not.toThrow();
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
