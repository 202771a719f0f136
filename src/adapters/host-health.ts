import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { currentLoad, mem } from 'systeminformation';
import type { HostHealth } from '../services/app-facts.ts';

const MB = 1024 * 1024;

/** By systeminformation and the file system itself. */
export const hostHealth: HostHealth = {
  look: async (folder) => {
    const [{ available }, { avgLoad, cpus }, disk] = await Promise.all([mem(), currentLoad(), diskAt(folder)]);
    return {
      freeDiskMb: Math.floor((disk.bavail * disk.bsize) / MB),
      freeMemoryMb: Math.floor(available / MB),
      loadPerCore: avgLoad / Math.max(1, cpus.length),
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
