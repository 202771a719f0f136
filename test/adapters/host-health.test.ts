import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hostHealth } from '../../src/adapters/host-health.ts';
import { temporaryFolder } from '../services/support.ts';

const MB = 1024 * 1024;

it('tells what is free in megabytes, and the load of a core over a minute', async () => {
  const before = (loadavg()[0] ?? 0) / availableParallelism();
  const { freeDiskMb, freeMemoryMb, loadPerCore } = await hostHealth.look(temporaryFolder());
  expect(Number.isInteger(freeDiskMb) && freeDiskMb > 0).toBe(true);
  expect(freeMemoryMb).toBeGreaterThan(freemem() / MB / 2);
  expect(freeMemoryMb).toBeLessThanOrEqual(totalmem() / MB);
  expect(Math.abs(loadPerCore - before)).toBeLessThan(0.5);
});

it('looks at the nearest folder where there is none yet', async () => {
  const folder = temporaryFolder();
  const { freeDiskMb } = await hostHealth.look(join(folder, 'not/there/yet'));
  expect(Math.abs(freeDiskMb - (await hostHealth.look(folder)).freeDiskMb)).toBeLessThan(512);
});
