import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { ownRedis } from './own-redis.ts';
import { TestHome } from './test-home.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const canMount = process.platform === 'linux' && process.getuid?.() === 0;

const shell = (script: string) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', script], undo: ['/bin/true'] },
});

/** A disk of its own for a folder, with what is in it. */
async function smallDisk(folder: string, size: string): Promise<AsyncDisposable> {
  const aside = `${folder}.aside`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  cpSync(folder, aside, { recursive: true });
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder]);
  cpSync(aside, folder, { recursive: true });
  rmSync(aside, { recursive: true });
  return { [Symbol.asyncDispose]: async () => void (await execa('umount', ['--lazy', folder])) };
}

/** Takes all the room that is left, down to the last byte. */
function fill(folder: string): void {
  const filler = join(folder, 'filler');
  for (const bytes of [64 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(bytes), { flag: 'a' });
    } catch {
      // There is no room for so many any more.
    }
  }
}

const free = (folder: string): void => rmSync(join(folder, 'filler'));

/** A home whose Redis is elsewhere. */
async function homeBesideRedis() {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await ownRedis());
  const home = stack.use(await TestHome.make({ REDIS_URL: redis.url }));
  return { home, env: { REDIS_URL: redis.url }, stack };
}

describe.skipIf(!canMount)('a full disk', () => {
  it('F45, T33: under the ledger: nothing starts, what ran is known to the next start, and work goes on once there is room', async () => {
    const { home, env, stack } = await homeBesideRedis();
    await using owned = stack;
    const { dir } = home.home.var;
    owned.use(await smallDisk(dir, '2m'));
    fill(dir);
    const refused = execa(process.execPath, [MAIN, '--home', home.root], { env, reject: false, stdin: 'ignore' });
    let said = '';
    refused.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    await expect.poll(() => said, { timeout: 10_000 }).toMatch(/safe mode: .*(?:full|ENOSPC|no space)/i);
    refused.kill('SIGTERM');
    expect((await refused).exitCode).toBe(0);
    free(dir);

    await home.start();
    const [mark, go, never] = [home.path('mark'), home.path('go'), home.path('never')];
    await home.submit(home.task('runs', [shell(`echo >> ${mark}; while [ ! -e ${go} ]; do sleep 0.05; done`)]));
    await expect.poll(() => existsSync(mark)).toBe(true);
    fill(dir);
    await home.submit(home.task('waits', [shell(`touch ${never}`)]));
    writeFileSync(go, '');
    expect(await home.exit()).toBe(1);
    expect(existsSync(never)).toBe(false);
    free(dir);

    await home.start();
    const report = await home.report('runs');
    expect(report.evidence).toMatchObject({ final: true, outcome: 'interrupted', steps: [{ outcome: 'unknown' }] });
    expect((await home.report('waits', 1, 40_000)).evidence.outcome).toBe('completed');
    expect(readFileSync(mark, 'utf8')).toBe('\n');
    expect(home.reports.filter(({ evidence }) => evidence.final)).toHaveLength(2);
    expect((await home.ops('audit', 'verify')).stdout).toContain('whole');
    await home.stop();
  }, 90_000);

  it('F45: under log, output and snapshots: what needs a snapshot changes nothing, all else goes on', async () => {
    const { home, stack } = await homeBesideRedis();
    await using owned = stack;
    const { var: places } = home.home;
    const folders = [join(places.log, '..'), places.output, places.snapshots];
    for (const folder of folders) owned.use(await smallDisk(folder, '64k'));
    await home.start();
    for (const folder of folders) fill(folder);
    const file = home.path('a.conf');
    writeFileSync(file, 'old');
    await home.submit(home.task('changes', [{ action: 'config.file', with: { path: file, content: 'new' } }]));
    expect((await home.report('changes')).ops_output.blockers[0]).toMatchObject({
      message: expect.stringContaining('ENOSPC'),
    });
    expect(readFileSync(file, 'utf8')).toBe('old');
    await home.submit(home.task('prints', [shell('echo printed')]));
    expect((await home.report('prints')).evidence.outcome).toBe('completed');
    for (const folder of folders) free(folder);
    await home.submit(home.task('changes-2', [{ action: 'config.file', with: { path: file, content: 'new' } }]));
    expect((await home.report('changes-2')).evidence.outcome).toBe('completed');
    expect(readFileSync(places.log, 'utf8')).toContain('changes-2');
    await home.stop();
  }, 60_000);
});
