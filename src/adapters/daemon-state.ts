import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Home } from '../home.ts';
import type { Redactor } from '../secret.ts';
import type { Condition } from '../services/ports.ts';
import { VERSION } from '../version.ts';
import { isHomeLocked } from './home-lock.ts';
import { readRegularFile } from './regular-file.ts';

/** What a daemon says of itself, in `var/run/daemon.json`, as long as it lives. */
export interface DaemonState extends Condition {
  pid: number;
  version: string;
  /** Where the dashboard is. */
  dashboard: string | null;
  /** In what commands run, or why in none; null where that is not known yet. */
  sandbox: string | null;
}

/**
 * Keeps the file as it changes; disposing of it removes the file. A reader never sees half of it. Where it cannot be
 * written there is none, rather than one that is no longer true: a full disk must not keep the daemon from stopping.
 */
export class StateFile implements Disposable {
  readonly #path: string;
  readonly #redactor: Redactor;
  #current: DaemonState;

  constructor(path: string, first: DaemonState, redactor: Redactor) {
    this.#path = path;
    this.#redactor = redactor;
    this.#current = first;
    this.say({});
  }

  get current(): Readonly<DaemonState> {
    return this.#current;
  }

  say(change: Partial<DaemonState>): void {
    const { reason, ...rest } = { ...this.#current, ...change };
    this.#current = { ...rest, reason: reason && this.#redactor.redact(reason) };
    const next = `${this.#path}.next`;
    try {
      writeFileSync(next, JSON.stringify(this.#current), { mode: 0o600 });
      renameSync(next, this.#path);
    } catch {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}

/** What the daemon of a home says; `stopped` where none holds the home. Of a dead one the file may be left. */
export function daemonOf({ var: { lock, daemon } }: Home): Omit<DaemonState, 'pid' | 'state'> & {
  pid: number | null;
  state: DaemonState['state'] | 'stopped';
} {
  const nothing = { pid: null, version: VERSION, dashboard: null, sandbox: null };
  if (!isHomeLocked(lock)) return { ...nothing, state: 'stopped', reason: 'no daemon holds this home' };
  return readDaemonState(daemon) ?? { ...nothing, state: 'starting', reason: null };
}

/** Null where there is no file. */
export function readDaemonState(path: string): DaemonState | null {
  try {
    return JSON.parse(readRegularFile(path)) as DaemonState;
  } catch {
    return null;
  }
}
