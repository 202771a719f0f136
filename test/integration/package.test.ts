import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestHome } from './test-home.ts';

const ROOT = join(import.meta.dirname, '../..');
const examples = join(ROOT, 'examples');

describe('the packed package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ops-pack-'));
  const installed = join(folder, 'node_modules/savorg-ops');

  beforeAll(async () => {
    const { stdout } = await execa('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const tarball = stdout.match(/savorg-ops-[\d.]+\.tgz/)?.[0] ?? '';
    mkdirSync(installed, { recursive: true });
    await execa('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);
    // Its dependencies, as an install would bring them.
    for (const name of ['jose', 'canonicalize', 'zod'])
      symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives plain JavaScript the contract', async () => {
    const script = join(folder, 'use.mjs');
    writeFileSync(
      script,
      `import { attest, taskDigest, verifyReport, Task } from 'savorg-ops/contract';
       console.log(typeof attest, typeof verifyReport, taskDigest({ b: 1, a: [true] }), Task.safeParse({}).success);`,
    );
    const { stdout } = await execa(process.execPath, [script]);
    // printf '{"a":[true],"b":1}' | sha256sum
    expect(stdout).toBe(
      'function function sha256:708747538ba81fd60b5aac8c646370de5e24abf70ab1872f67458a5a4f3af05d false',
    );
  });

  it('gives TypeScript its types', async () => {
    const program = join(folder, 'use.ts');
    writeFileSync(
      program,
      `import { taskDigest, type Task } from 'savorg-ops/contract';
       const task: Task | null = null;
       export const digest: string | null = task && taskDigest(task);`,
    );
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--ignoreConfig', program];
    const { exitCode, stdout } = await execa('tsc', options, {
      cwd: folder,
      preferLocal: true,
      localDir: ROOT,
      reject: false,
    });
    expect([exitCode, stdout]).toEqual([0, '']);
  });

  it('ships a JSON Schema of everything on the wire, strict', () => {
    for (const name of ['alert', 'attestation', 'control', 'keyring', 'ops-output', 'report', 'submission', 'task']) {
      const schema = readFileSync(join(installed, 'dist/schemas', `${name}.json`), 'utf8');
      expect(schema).toContain('https://json-schema.org/draft/2020-12/schema');
      expect(schema).toContain('"additionalProperties": false');
    }
  });
});

describe('an example', () => {
  let home: TestHome;
  beforeAll(async () => {
    home = await TestHome.make({}, { readResults: false });
    await home.start();
  });
  afterAll(() => home[Symbol.asyncDispose]());

  const taskFile = (taskId: string): string => {
    const file = home.path(`${taskId}.json`);
    const actions = [{ action: 'infra.command', with: { argv: ['true'], undo: ['true'] } }];
    writeFileSync(file, JSON.stringify(home.task(taskId, actions)));
    return file;
  };

  it.each(['manager.js', 'without-our-library.js'])('%s has under 30 lines', (name) => {
    expect(readFileSync(join(examples, name), 'utf8').trimEnd().split('\n').length).toBeLessThan(30);
  });

  it('in plain BullMQ submits a task and reads its report', async () => {
    const argv = [join(examples, 'manager.js'), home.root, taskFile('example-1')];
    const { stdout } = await execa(process.execPath, argv, { env: { REDIS_URL: home.url }, timeout: 15_000 });
    expect(JSON.parse(stdout)).toMatchObject({ task_id: 'example-1', status: 'completed' });
  });

  it('with jose and canonicalize alone signs a task that runs', async () => {
    const argv = [join(examples, 'without-our-library.js'), home.root, taskFile('example-2')];
    const { stdout } = await execa(process.execPath, argv);
    const job = await home.queue('ops-mini-1').add('infra', JSON.parse(stdout), { jobId: 'example-2' });
    await expect.poll(() => job.getState()).toBe('completed');
  });
});
