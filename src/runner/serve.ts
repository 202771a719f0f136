import { Socket } from 'node:net';
import { removeScratches } from './confined.ts';
import { type Frame, FrameDecoder, FrameKind, writeMessage, writeOutput } from './frames.ts';
import { closeInheritedFiles } from './inherited-files.ts';
import type { AcknowledgeMessage, RunMessage } from './messages.ts';
import { type Run, type RunLink, type RunPoint, startRun } from './run.ts';
import { SelfRecord } from './self-record.ts';
import { readProcesses } from './spawn.ts';

// Not process.stdin and process.stdout: writing to the latter may block, and with it every timer.
const input = new Socket({ fd: 0, readable: true, writable: false });
const output = new Socket({ fd: 1, readable: false, writable: true });
const runs = new Map<number, Run>();

/**
 * The runner: spawns the commands that the daemon sends on stdin, reports on stdout, and ends them all when stdin
 * ends. Only that stops it, whatever signal is sent to the daemon's group. `reached` hears how far its runs come.
 */
export function serve(runDir: string, bootId: string, reached: (point: RunPoint) => void = () => undefined): void {
  closeInheritedFiles();
  removeScratches(runDir);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
  const decoder = new FrameDecoder();
  const place = { runDir, bootId, self: new SelfRecord(runDir, bootId), reached };
  input.on('data', (chunk: Buffer) => {
    try {
      for (const frame of decoder.push(chunk)) receive(frame, place);
    } catch (error) {
      console.error('runner: cannot understand the daemon, ending everything:', error);
      input.destroy();
    }
  });
  input.on('error', () => input.destroy());
  input.once('close', () => void endEverything());
  output.on('error', () => input.destroy());
}

type Place = Pick<RunLink, 'runDir' | 'bootId' | 'self' | 'reached'>;

function receive({ kind, run: id, payload }: Frame, place: Place): void {
  if (kind === FrameKind.run) start(id, parse(payload) as RunMessage, place);
  else if (kind === FrameKind.abort) runs.get(id)?.end('aborted');
  else if (kind === FrameKind.acknowledge) runs.get(id)?.acknowledge((parse(payload) as AcknowledgeMessage).bytes);
}

function start(id: number, request: RunMessage, place: Place): void {
  const run = startRun(request, linkOf(id, place));
  if (run === null) return;
  runs.set(id, run);
  void run.concluded.then(() => runs.delete(id));
}

function linkOf(run: number, place: Place): RunLink {
  return {
    ...place,
    readProcesses,
    started: (record) => writeMessage(output, FrameKind.started, run, record),
    output: (batch, source) => {
      place.reached('printed');
      writeOutput(output, run, batch, source);
    },
    exit: (message) => writeMessage(output, FrameKind.exit, run, message),
  };
}

/** The process ends by itself when nothing is left to wait for. */
async function endEverything(): Promise<void> {
  for (const run of runs.values()) run.end('aborted');
  await Promise.all([...runs.values()].map((run) => run.concluded));
  output.end();
}

/** The daemon is the only sender and shares these types. */
function parse(payload: Buffer): unknown {
  return JSON.parse(payload.toString());
}
