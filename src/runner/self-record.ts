import { fchmodSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { RUNNER_FILE, type RunMessage, type RunnerRecord } from './messages.ts';
import { ownStart, recordMode } from './record.ts';

/** More than its longest content needs, so that none leaves an end of the one before. */
const BYTES = 2048;
const LONGEST_PROGRAM = 200;

/**
 * What the runner says of itself, for the sweep after a crash: which process it is, and what it is just starting. A
 * command has a record of its own only once its pid is known.
 */
export class SelfRecord {
  readonly #file: number;
  readonly #self: Omit<RunnerRecord, 'starting'>;

  constructor(runDir: string, bootId: string) {
    const mode = recordMode(runDir);
    this.#file = openSync(join(runDir, RUNNER_FILE), 'w', mode);
    fchmodSync(this.#file, mode);
    this.#self = { pid: process.pid, start: ownStart(), boot_id: bootId };
    this.#write(null);
  }

  /** To be called before the spawn. */
  starts({ task_id, step, argv }: RunMessage): void {
    this.#write({ task_id, step, program: (argv[0] ?? '').slice(0, LONGEST_PROGRAM) });
  }

  /** To be called once the command has its record, or did not start. */
  started(): void {
    this.#write(null);
  }

  #write(starting: RunnerRecord['starting']): void {
    writeSync(this.#file, JSON.stringify({ ...this.#self, starting }).padEnd(BYTES), 0);
  }
}
