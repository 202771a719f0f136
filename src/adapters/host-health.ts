import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { dirname } from 'node:path';
import { mem } from 'systeminformation';
import type { HostHealth } from '../services/app-facts.ts';

const MB = 1024 * 1024;

/** By systeminformation, the file system itself, and the load as the system gives it. */
export const hostHealth: HostHealth = {
  look: async (folder) => {
    const [{ available }, disk] = await Promise.all([mem(), diskAt(folder)]);
    return {
      freeDiskMb: Math.floor((disk.bavail * disk.bsize) / MB),
      freeMemoryMb: Math.floor(available / MB),
      loadPerCore: (loadavg()[0] ?? 0) / availableParallelism(),
    };
  },
};

/** Of the nearest folder that is there. */
async function diskAt(folder: string): Promise<StatsFs> {
  return statfs(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || folder === '/') throw error;
    return diskAt(dirname(folder));
  });
}
