import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/adapters/clock.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import { slotTaskId } from '../../src/schedule/slot-task.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import type { SlotRecord } from '../../src/services/schedules.ts';
import { definition } from '../support/definitions.ts';
import { processesOf, type TestHome } from './test-home.ts';
import { until } from './until.ts';

/** On no day of this test: only who asks for it has it run. */
export const NEVER = '0 0 29 2 *';

const shell = (script: string): string[] => ['/bin/sh', '-c', script];

/** Opens the ledger of a home for a look, or between two daemons for a change. */
export function withLedger<T>(home: TestHome, look: (ledger: Ledger) => T, { readOnly = true } = {}): T {
  const ledger = openLedger(home.home.var.ledger, systemClock, { readOnly });
  try {
    return look(ledger);
  } finally {
    ledger.close();
  }
}

/** A schedule of one command, whose runs and undos can be counted. */
export class Cron {
  readonly name: string;
  readonly #home: TestHome;
  readonly #more: Partial<Definition>;
  readonly #script: string;
  readonly #folder: string;

  /** `script` comes after the command has counted itself. */
  constructor(home: TestHome, name: string, more: Partial<Definition> = {}, script = 'true') {
    this.#home = home;
    this.name = name;
    this.#more = more;
    this.#script = script;
    this.#folder = home.folder(`${name}.cron`);
  }

  get definition(): Definition {
    const { name } = this;
    const action = {
      action: 'infra.command',
      with: {
        argv: shell(`echo >> ${this.path('ran')}; ${this.#script}`),
        undo: shell(`echo >> ${this.path('undone')}`),
        env: { FUZZ_HOME: this.#home.root },
        resources: [this.resource],
      },
    };
    return definition({ name, environment: 'staging', pattern: '*/2 * * * * *', actions: [action], ...this.#more });
  }

  get defineId(): string {
    return `define-${this.name}`;
  }

  /** Its folder, which its slots have for themselves. */
  get resource(): string {
    return `path:${this.#folder}`;
  }

  path(what: string): string {
    return join(this.#folder, what);
  }

  /** Has it defined by a signed task. */
  async define(): Promise<this> {
    await this.ask('define', { ...this.definition }, this.defineId);
    return this;
  }

  /** Has a signed task do `cron.<verb>`. */
  async ask(
    verb: string,
    input: Record<string, unknown> = { schedule: this.name },
    id = `${verb}-${this.name}`,
  ): Promise<void> {
    await this.#home.submit(this.#home.task(id, [{ action: `cron.${verb}`, with: input }], { operation_type: 'cron' }));
    const { ops_output } = await this.#home.report(id);
    if (ops_output.status !== 'completed') throw new Error(`${id}: ${JSON.stringify(ops_output)}`);
  }

  /** The newest first. */
  get slots(): SlotRecord[] {
    return withLedger(this.#home, (ledger) => ledger.slots(this.name, 1_000));
  }

  /** Those that ended so, in the order in which they were due. */
  ended(...states: SlotRecord['state'][]): SlotRecord[] {
    return this.slots.filter(({ state }) => states.includes(state)).toReversed();
  }

  /** Waits until so many ended so. */
  async has(count: number, ...states: SlotRecord['state'][]): Promise<SlotRecord[]> {
    const instead = () => JSON.stringify(this.slots);
    const enough = () => this.ended(...states).reduce((sum, slot) => sum + slot.count, 0) >= count;
    await until(`${count} ${states.join(' or ')} of ${this.name}`, enough, { instead });
    return this.ended(...states);
  }

  /** How many commands did it, or took it back. */
  count(what: 'ran' | 'undone'): number {
    const path = this.path(what);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;
  }

  /** The processes of its slots that are alive. */
  get alive(): number[] {
    return this.slots.flatMap((slot) => processesOf(slotTaskId(slot)));
  }

  /** The outcomes of the final reports of a try at this slot that reached the results queue: each report once. */
  finals(slot: SlotRecord): string[] {
    const id = slotTaskId(slot);
    const finals = this.#home.reports.filter(({ evidence }) => evidence.final && evidence.task_id === id);
    return [...new Map(finals.map(({ evidence }) => [evidence.report_id, evidence.outcome])).values()];
  }
}
