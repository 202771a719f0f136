import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { clockRequests } from '../../src/adapters/clock-requests.ts';
import { temporaryFolder } from '../services/support.ts';

it('T18: a pipe that a command put in the place of a statement holds nobody up, and is replaced by the next one', async () => {
  const path = join(temporaryFolder(), 'clock-request');
  await execa('mkfifo', [path]);
  const requests = clockRequests(path);
  expect(requests.take()).toBeNull();
  await requests.leave('a token');
  expect([requests.take(), existsSync(path)]).toEqual(['a token', false]);
});
