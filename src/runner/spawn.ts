import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { Writable } from 'node:stream';
import type { RunMessage } from './messages.ts';
import { type Process, PS, parsePs, readProc, sharedReader } from './process-table.ts';

const LONGEST_LISTING_BYTES = 16 * 1024 * 1024;

/**
 * Starts the command in a group and session of its own, with the given environment only. Some failures are thrown,
 * others arrive as `error` of a child without pid.
 */
export function spawnCommand(request: RunMessage): ChildProcess {
  const { prefix = [], filter = null } = request.confinement ?? {};
  const [program = '', ...args] = [...prefix, ...request.argv];
  const child = spawn(program, args, {
    cwd: request.cwd,
    env: request.env,
    detached: true,
    stdio: [request.stdin === '' ? 'ignore' : 'pipe', 'pipe', 'pipe', filter === null ? 'ignore' : 'pipe'],
  });
  if (filter !== null) give(child, Buffer.from(filter, 'base64'));
  return child;
}

/** As its file 3. */
function give(child: ChildProcess, bytes: Buffer): void {
  const file = child.stdio[3];
  // Who ends without reading it is reported by its exit.
  file?.on('error', () => undefined);
  if (file instanceof Writable) file.end(bytes);
}

/** Every process of the machine. */
export const readProcesses = sharedReader(process.platform === 'linux' ? readProc : readPs);

function readPs(): Promise<Process[]> {
  return new Promise((resolve, reject) => {
    const options = { env: PS.env, maxBuffer: LONGEST_LISTING_BYTES };
    execFile(PS.file, PS.args, options, (error, stdout) => (error === null ? resolve(parsePs(stdout)) : reject(error)));
  });
}
