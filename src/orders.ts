/** What the daemon ends with. launchd and pm2 start it again unless it is `STOPPED`. */
export const ExitCode = { STOPPED: 0, FAULT: 1, RESTART: 75 } as const;

/**
 * What signals tell the daemon: SIGTERM and SIGINT to stop, SIGUSR2 to stop and be started again; a second one to
 * hurry. SIGHUP tells nothing: a terminal that closes does not end it.
 */
export class Orders {
  readonly #first = Promise.withResolvers<void>();
  readonly #second = Promise.withResolvers<void>();
  #exitCode: number | null = null;

  constructor(signals: Pick<NodeJS.EventEmitter, 'on'>) {
    for (const signal of ['SIGTERM', 'SIGINT']) signals.on(signal, () => this.#tell(ExitCode.STOPPED));
    signals.on('SIGUSR2', () => this.#tell(ExitCode.RESTART));
    signals.on('SIGHUP', () => undefined);
  }

  /** Null while it may go on. Of several orders the last counts. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  /** Resolves with the first order. */
  get given(): Promise<void> {
    return this.#first.promise;
  }

  /** Resolves with the second one: what runs is not waited for any longer. */
  get urgent(): Promise<void> {
    return this.#second.promise;
  }

  #tell(exitCode: number): void {
    if (this.#exitCode !== null) this.#second.resolve();
    this.#exitCode = exitCode;
    this.#first.resolve();
  }
}
