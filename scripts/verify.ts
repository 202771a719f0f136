/** The one reviewer command: every stage in turn, one line each; the last line is `N passed, N failed`. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readTestCounts, type TestCounts } from './verify/test-counts.ts';

interface Stage {
  name: string;
  argv: [string, ...string[]];
  /** Counted test by test; any other stage counts as one when it fails. */
  tests?: boolean;
}

const ROOT = join(import.meta.dirname, '..');
const HOUSE = 'test/house.test.ts';
const STAGES: Stage[] = [
  { name: 'format', argv: ['biome', 'check'] },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'types', argv: ['tsc', '-p', '.'] },
  { name: 'unused code', argv: ['knip'] },
  { name: 'house rules', argv: ['vitest', 'run', HOUSE], tests: true },
  { name: 'build', argv: ['npm', 'run', '--silent', 'build'] },
  { name: 'tests', argv: ['vitest', 'run', '--exclude', HOUSE], tests: true },
  { name: 'promises', argv: ['node', 'scripts/mutate-promises.ts'] },
];

const scratch = await mkdtemp(join(tmpdir(), 'ops-verify-'));
try {
  const counts: TestCounts = { passed: 0, failed: 0 };
  for (const stage of await stagesHere()) {
    const { passed, failed } = await run(stage);
    counts.passed += passed;
    counts.failed += failed;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
} finally {
  await rm(scratch, { recursive: true, force: true });
}

async function stagesHere(): Promise<Stage[]> {
  const { scripts = {} } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts?: Record<string, string>;
  };
  return STAGES.filter((stage) => stage.name !== 'build' || scripts['build']);
}

async function run(stage: Stage): Promise<TestCounts> {
  const [program, ...args] = stage.argv;
  const report = join(scratch, `${stage.name}.json`);
  if (stage.tests) args.push('--reporter=default', '--reporter=json', `--outputFile.json=${report}`);
  process.stdout.write(`${stage.name.padEnd(12)} `);
  const env = { NO_COLOR: '1', FORCE_COLOR: undefined };
  const ended = await execa(program, args, { cwd: ROOT, env, reject: false, all: true, stdin: 'ignore' });
  const counts = stage.tests ? await readTestCounts(report) : { passed: 0, failed: 0 };
  // A stage may fail without a failed test: a file that does not load, an unhandled rejection, a crash.
  if (ended.failed && counts.failed === 0) counts.failed = 1;
  const figures = stage.tests ? `  ${counts.passed} of ${counts.passed + counts.failed}` : '';
  console.log(`${counts.failed > 0 ? 'FAILED' : 'ok'} ${(ended.durationMs / 1000).toFixed(1)} s${figures}`);
  if (counts.failed > 0) console.log(indent(ended.all || ended.shortMessage || 'no test ran'));
  return counts;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
