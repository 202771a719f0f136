import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { execa } from 'execa';
import { PS, parsePs, type ReadProcesses, readProc, sharedReader } from '../runner/process-table.ts';

const isLinux = process.platform === 'linux';

/** Names the present boot of this machine; a pid means nothing without it. */
export async function readBootId(): Promise<string> {
  if (isLinux) return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return (await execa('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { env: {}, extendEnv: false })).stdout.trim();
}

/** Every process of this machine. */
export const readProcesses: ReadProcesses = sharedReader(isLinux ? readProc : readPs);

async function readPs(): ReturnType<ReadProcesses> {
  const { stdout } = await execa(PS.file, PS.args, { env: PS.env, extendEnv: false });
  return parsePs(stdout);
}

/** Whether a process lives whose command line, its words parted by spaces, holds this text. */
export async function isRunning(text: string): Promise<boolean> {
  const lines = isLinux
    ? procLines()
    : (await execa(PS.file, ['-axww', '-o', 'args='], { env: PS.env, extendEnv: false })).stdout.split('\n');
  return lines.some((line) => line.includes(text));
}

function procLines(): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => wordsOf(pid).join(' '));
}

/** The pids of all living processes of a program, by its name without the directory. */
export async function processesNamed(name: string): Promise<number[]> {
  const alive = (await readProcesses()).filter(({ zombie }) => !zombie);
  return alive
    .filter(({ pid, program }) => program === name || (isLinux && fileNames(pid).includes(name)))
    .map(({ pid }) => pid);
}

/** Linux cuts a program's name at 15 characters, and programs may change it; these say what was started. */
function fileNames(pid: number): string[] {
  try {
    const [started = ''] = wordsOf(String(pid));
    return [basename(started), basename(readlinkSync(`/proc/${pid}/exe`))];
  } catch {
    return [];
  }
}

/** Its command line; none where it is gone. Linux only. */
function wordsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
