import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Mutation } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');
const LEFT_OUT = new Set(['node_modules', '.git', 'dist', '.ops', 'coverage']);
const CONFIG = 'scripts/mutate-promises/vitest.config.ts';
const LONGEST_RUN_MS = 300_000;

/** What is read of vitest's JSON report. */
const Results = z.object({
  numTotalTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

export interface TestRun {
  passed: boolean;
  /** The tests that failed, as `<file>: <name>`. */
  failed: string[];
  /** What there is to read where it did not pass and no test failed. */
  message: string;
}

/** The project's files in a folder of their own, where they can be broken; its packages are linked. */
export class TreeCopy implements AsyncDisposable {
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  static async make(): Promise<TreeCopy> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'ops-mutate-')));
    await cp(ROOT, root, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(ROOT, path)) });
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    return new TreeCopy(root);
  }

  /** Runs the tests with the mutation in place. @throws where its text does not stand in its file exactly once. */
  async tryOut({ file, from, to, tests }: Mutation): Promise<TestRun> {
    const path = join(this.#root, file);
    const text = await readFile(path, 'utf8');
    const times = text.split(from).length - 1;
    if (times !== 1) throw new Error(`stale: its text stands ${times} times in ${file}`);
    await writeFile(
      path,
      text.replace(from, () => to),
    );
    try {
      return await this.test(tests, ['--bail=1']);
    } finally {
      await writeFile(path, text);
    }
  }

  async test(tests: readonly string[], options: readonly string[] = []): Promise<TestRun> {
    const report = join(this.#root, 'results.json');
    await rm(report, { force: true });
    const args = ['run', '--config', CONFIG, '--reporter=json', `--outputFile=${report}`, ...options, ...tests];
    const ended = await execa('vitest', args, {
      cwd: this.#root,
      preferLocal: true,
      localDir: ROOT,
      reject: false,
      all: true,
      timeout: LONGEST_RUN_MS,
    });
    const failed = await this.#failuresIn(report);
    return { passed: !ended.failed, failed, message: ended.all || ended.shortMessage || '' };
  }

  async #failuresIn(report: string): Promise<string[]> {
    const text = await readFile(report, 'utf8').catch(() => null);
    if (text === null) return [];
    return Results.parse(JSON.parse(text)).testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName }) => `${relative(this.#root, name)}: ${fullName}`),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }
}
