import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { prepareConfined, removeScratch } from './confined.ts';
import { type Ending, endProcesses, groupAnswers, stillAlive, type Target } from './ending.ts';
import {
  type Cause,
  type ExitMessage,
  KILL_WAIT_MS,
  MAX_TIMER_MS,
  type OutputSource,
  type RunMessage,
  type RunRecord,
} from './messages.ts';
import { Output } from './output.ts';
import { outputEnds, outputHolders } from './output-holders.ts';
import { type Process, processName, type ReadProcesses, treeBelow } from './process-table.ts';
import { removeRecord, startOf, writeRecord } from './record.ts';
import { describeRefusal } from './refusal.ts';
import type { SelfRecord } from './self-record.ts';
import { spawnCommand } from './spawn.ts';

/** The daemon needs to know a process only where its record is lost, and the runner with it: most commands are over by then. */
const ANNOUNCE_MS = 5;

/** Where the runner may die, in the order of a run. */
export type RunPoint = 'spawned' | 'recorded' | 'printed' | 'exited';

/** What a run needs of the runner around it. */
export interface RunLink {
  runDir: string;
  bootId: string;
  self: Pick<SelfRecord, 'starts' | 'started'>;
  readProcesses: ReadProcesses;
  started: (record: RunRecord) => void;
  output: (batch: Buffer, source: OutputSource) => void;
  exit: (message: ExitMessage) => void;
  reached: (point: RunPoint) => void;
}

/** Starts the command, or says over the link why not and returns null. */
export function startRun(request: RunMessage, link: RunLink): Run | null {
  const refuse = (error: unknown): void => {
    const message = describeRefusal(error, request);
    link.exit({ ended: 'not-started', exitCode: null, signal: null, message, leftRunning: [] });
    void removeScratch(request);
  };
  try {
    if (request.confinement) prepareConfined(request);
    link.self.starts(request);
    const child = spawnCommand(request);
    link.reached('spawned');
    if (child.pid !== undefined) return new Run(child, child.pid, request, link);
    child.once('error', refuse);
  } catch (error) {
    refuse(error);
  } finally {
    link.self.started();
  }
  return null;
}

/** One command from its spawn to the end of its process group. */
export class Run {
  readonly #child: ChildProcess;
  readonly #request: RunMessage;
  readonly #link: RunLink;
  readonly #target: Target;
  readonly #output: Output;
  readonly #outputEnds: string[];
  readonly #timer: NodeJS.Timeout;
  readonly #announcement: NodeJS.Timeout;
  readonly #exited = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<void>();
  #exit: { code: number | null; signal: string | null } | null = null;
  #cause: Cause | null = null;
  #hurry = false;
  /** Resolves when the run has been reported and nothing of it is watched any more. */
  readonly concluded: Promise<void>;

  constructor(child: ChildProcess, pid: number, request: RunMessage, link: RunLink) {
    const { task_id, step, timeoutMs, outputLimitBytes } = request;
    this.#child = child;
    this.#request = request;
    this.#link = link;
    this.#target = { group: pid, start: startOf(pid), tree: true };
    const record = { pid, start: this.#target.start, boot_id: link.bootId, task_id, step };
    const fault = writeRecord(link.runDir, record);
    link.reached('recorded');
    this.#announcement = setTimeout(() => link.started(record), ANNOUNCE_MS);
    this.#outputEnds = outputEnds(pid);
    this.#output = new Output(child, outputLimitBytes, link.output, () => this.end('output-limit'));
    this.#timer = setTimeout(() => this.end('timeout'), Math.min(timeoutMs, MAX_TIMER_MS));
    this.#feedAndWatch();
    this.concluded = this.#live(fault);
  }

  /** Ends the command; the first cause counts. After its exit this only hurries the wait for its output. */
  end(cause: Cause): void {
    if (this.#exit !== null || this.#cause !== null) {
      this.#hurry = true;
      return;
    }
    this.#cause = cause;
    this.#stopped.resolve();
  }

  acknowledge(bytes: number): void {
    this.#output.acknowledge(bytes);
  }

  #feedAndWatch(): void {
    // A command need not read its stdin: EPIPE is no fault.
    this.#child.stdin?.on('error', () => undefined);
    this.#child.stdin?.end(this.#request.stdin);
    this.#child.on('error', () => undefined);
    this.#child.once('exit', (code, signal) => {
      this.#link.reached('exited');
      this.#exit = { code, signal };
      this.#exited.resolve();
    });
  }

  async #live(fault: string): Promise<void> {
    await Promise.race([this.#exited.promise, this.#stopped.promise]);
    const cause = this.#cause;
    const [note, left] = cause === null ? await this.#afterExit() : await this.#afterCause(cause);
    clearTimeout(this.#timer);
    clearTimeout(this.#announcement);
    this.#output.finish();
    this.#child.stdin?.destroy();
    this.#child.unref();
    // An unkillable leader keeps its record: the next start tries again.
    if (this.#exit !== null) removeRecord(this.#link.runDir, this.#target.group);
    this.#link.exit({
      ended: cause ?? 'exit',
      exitCode: this.#exit?.code ?? null,
      signal: this.#exit?.signal ?? null,
      message: [note, fault].filter((text) => text !== '').join('; '),
      leftRunning: left.map(processName),
    });
    await removeScratch(this.#request);
  }

  /** Ends what the command left in its group, and finds what it left outside. Usually there is nothing of either. */
  async #afterExit(): Promise<[note: string, left: Process[]]> {
    await this.#output.drain(() => !this.#hurry);
    const heldOpen = !this.#output.isClosed;
    if (!heldOpen && !groupAnswers(this.#target.group)) return ['', []];
    const outsiders = await this.#outsiders();
    this.#output.finish();
    const ending = await endProcesses(
      { ...this.#target, tree: false },
      this.#request.graceMs,
      this.#link.readProcesses,
    );
    const left = [...ending.alive, ...(await this.#living(outsiders))];
    return [heldOpen ? 'its output was still held open after its exit, and was cut off there' : '', left];
  }

  async #afterCause(cause: Cause): Promise<[note: string, left: Process[]]> {
    const ending = await endProcesses(this.#target, this.#request.graceMs, this.#link.readProcesses);
    const isStuck = ending.alive.some(({ pid }) => pid === this.#target.group);
    if (!isStuck) await Promise.race([this.#exited.promise, delay(KILL_WAIT_MS, undefined, { ref: false })]);
    await this.#output.drain(() => false);
    const outsiders = this.#output.isClosed ? [] : await this.#outsiders();
    return [this.#describe(cause, ending), [...ending.alive, ...outsiders]];
  }

  #describe(cause: Cause, ending: Ending): string {
    const { timeoutMs, outputLimitBytes, graceMs } = this.#request;
    const why = {
      timeout: `it ran longer than ${timeoutMs} ms`,
      'output-limit': `it printed more than ${outputLimitBytes} bytes`,
      aborted: 'it was aborted',
    }[cause];
    if (ending.alive.length > 0) return `${why}; not even KILL ended all of it`;
    return ending.forced ? `${why}; it did not end within ${graceMs} ms of TERM and was killed` : why;
  }

  /** What can be seen of the command outside its group: below the group's members, or holding its output open. */
  async #outsiders(): Promise<Process[]> {
    const table = await this.#link.readProcesses().catch(() => []);
    const { group } = this.#target;
    const members = table.filter((process) => process.group === group).map(({ pid }) => pid);
    const below = treeBelow(table, members).map(({ pid }) => pid);
    const holders = this.#output.isClosed ? new Set<number>() : outputHolders(this.#outputEnds);
    const outside = new Set([...below, ...holders]);
    return table.filter((process) => outside.has(process.pid) && process.group !== group && !process.zombie);
  }

  async #living(processes: readonly Process[]): Promise<Process[]> {
    if (processes.length === 0) return [];
    return stillAlive(await this.#link.readProcesses().catch(() => []), processes);
  }
}
