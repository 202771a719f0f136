import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const home = join(ROOT, '.ops/quickstart');

/** The command lines of all processes that work in the quickstart's home. */
function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
    .filter((line) => line.includes(home));
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Each report in its order, and why it is not of a task that completed. */
const STORY = [
  ['web-1.0-staging', null],
  ['web-1.0-production', null],
  ['web-1.1-staging', 'unhealthy'],
  ['web-1.1-production', 'no-receipt'],
  ['web-1.0-production', 'wrong-digest'],
];

describe('the quickstart', () => {
  it('tells its story, ends with 0, leaves the work tree clean and no process, and its reports fit the shipped schema', async () => {
    const status = () => execa('git', ['status', '--porcelain'], { cwd: ROOT }).then(({ stdout }) => stdout);
    const before = await status();
    const { exitCode, all } = await execa('npm', ['run', '--silent', 'quickstart'], {
      cwd: ROOT,
      reject: false,
      all: true,
    });
    expect([exitCode, all]).toEqual([0, expect.stringContaining("each bears the host's signature")]);
    expect(processes()).toEqual([]);
    expect(await status()).toBe(before);
    const schema = JSON.parse(readFileSync(join(ROOT, 'dist/schemas/report.json'), 'utf8'));
    const validate = new Ajv2020({ strict: false }).compile(schema);
    const reports: unknown[] = JSON.parse(readFileSync(join(home, 'reports.json'), 'utf8'));
    for (const report of reports) expect([validate(report), validate.errors]).toEqual([true, null]);
    expect(reports).toMatchObject(STORY.map(([task_id, reason]) => ({ evidence: { task_id, reason } })));
    expect(all.match(/^\{"version":.*$/gm)).toEqual(['{"version":"1.0.0"}', '{"version":"1.0.0"}']);
  }, 180_000);
});
