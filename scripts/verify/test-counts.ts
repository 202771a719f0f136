import { readFile } from 'node:fs/promises';

export interface TestCounts {
  passed: number;
  failed: number;
}

/** The counts of vitest's JSON report. No report, or no test in it, is one failure: silence proves nothing. */
export async function readTestCounts(file: string): Promise<TestCounts> {
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const { numPassedTests: passed = 0, numFailedTests: failed = 0 } = JSON.parse(text) as {
    numPassedTests?: number;
    numFailedTests?: number;
  };
  return passed + failed === 0 ? { passed: 0, failed: 1 } : { passed, failed };
}
