import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { PS, parsePs, type ReadProcesses, readProc, sharedReader } from '../runner/process-table.ts';

const isLinux = process.platform === 'linux';

/** Names the present boot of this machine; a pid means nothing without it. */
export async function readBootId(): Promise<string> {
  if (isLinux) return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return (await execa('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim();
}

/** Every process of this machine. */
export const readProcesses: ReadProcesses = sharedReader(isLinux ? readProc : readPs);

async function readPs(): ReturnType<ReadProcesses> {
  const { stdout } = await execa(PS.file, PS.args, { env: PS.env, extendEnv: false });
  return parsePs(stdout);
}
