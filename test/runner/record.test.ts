import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeRecord } from '../../src/runner/record.ts';
import { temporaryFolder } from '../services/support.ts';

it('T18: a pipe that a command put in the place of the next record is told, and does not stop the runner', () => {
  const folder = temporaryFolder();
  execFileSync('mkfifo', [join(folder, 'spare-0')]);
  const record = { pid: 4711, start: 1, boot_id: 'x', task_id: 'a', step: 1 };
  expect(writeRecord(folder, record)).toMatch(/^its process could not be noted in .* \(ENXIO/);
});
