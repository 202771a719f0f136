import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '../../src/adapters/clock.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import type { Task } from '../../src/contract/task.ts';
import type { TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';
import type { Figures } from './figures.ts';
import type { Random } from './random.ts';
import { briefTask, randomTask } from './tasks.ts';

/** What is asked for, and how. */
export type Order = 'brief' | 'plain' | 'failing' | 'held' | 'unsigned' | 'vetoed' | 'cancelled' | 'undo' | 'replay';

const ORDERS: readonly Order[] = [
  ...Array.from({ length: 8 }, () => 'plain' as const),
  'failing',
  'failing',
  'held',
  'held',
  'unsigned',
  'vetoed',
  'cancelled',
  'undo',
  'undo',
  'replay',
];
const LATEST_MS = 500;
const ASK_AGAIN_MS = 3_000;
const END_MS = 90_000;

/** Sends random tasks, some twice, some signed late, some withdrawn; and asks again for what it has no report of. */
export class Manager {
  readonly #home: TestHome;
  readonly #random: Random;
  readonly #figures: Figures;
  readonly #sent = new Map<string, { task: Task; times: number }>();
  readonly #later = new Set<Promise<unknown>>();

  constructor(home: TestHome, random: Random, figures: Figures) {
    this.#home = home;
    this.#random = random;
    this.#figures = figures;
  }

  /** How many tasks no report speaks of. */
  get unreported(): number {
    const reported = new Set(this.#home.reports.map(({ evidence }) => evidence.task_id));
    return [...this.#sent.keys()].filter((id) => !reported.has(id)).length;
  }

  async send(order: Order = this.#random.pick(ORDERS)): Promise<void> {
    const known = [...this.#sent.values()].filter(({ task }) => 'actions' in task);
    const work = known.length > 0 ? this.#random.pick(known).task : undefined;
    if (order === 'replay' && work) return this.#again(work);
    const id = `t${this.#sent.size + 1}`;
    const task = this.#taskOf(order, id, work);
    const twice = this.#random.chance(order === 'brief' ? 2 : 20);
    this.#figures.add('tasks');
    if (order !== 'unsigned') this.#sent.set(id, { task, times: 1 });
    await this.#submit(task, order);
    if (twice) await this.#again(task);
  }

  #taskOf(order: Order, id: string, work: Task | undefined): Task {
    if (order === 'undo' && work) return this.#home.undo(id, work);
    if (order === 'brief') return briefTask(id, this.#home, this.#random);
    return randomTask(id, this.#home, this.#random, order === 'failing' ? 'failing' : 'well');
  }

  async #submit(task: Task, order: Order): Promise<void> {
    const home = this.#home;
    if (order === 'unsigned') return void (await home.submit(task, ['manager'], `${task.task_id}u`));
    if (order === 'held') {
      await home.submit(task, ['manager', 'plan-review']);
      this.#soon(async () => home.addControl(await home.sign(task, 'security')));
      return;
    }
    if (order === 'vetoed') this.#soon(() => home.control('veto', 'security', `task:${task.task_id}`));
    if (order === 'cancelled') this.#soon(() => home.control('cancel', 'manager', `task:${task.task_id}`));
    await home.submit(task);
  }

  /** The same task as another job: it must not run a second time. */
  async #again(task: Task): Promise<void> {
    const sent = this.#sent.get(task.task_id);
    if (!sent) return;
    sent.times += 1;
    this.#figures.add('redeliveries');
    await this.#home.submit(task, undefined, `${task.task_id}~${sent.times}`);
  }

  #soon(act: () => Promise<unknown>): void {
    const done = pause(this.#random.int(LATEST_MS)).then(act);
    this.#later.add(done);
  }

  /** Once more for all that no report speaks of. */
  async askAgain(): Promise<void> {
    for (const task of this.unended()) await this.#again(task);
  }

  /** Asks until there is a report of every task. Returns those of which there never was one. */
  async insist(): Promise<string[]> {
    await Promise.all(this.#later);
    let askAt = 0;
    const ended = async () => {
      const open = this.unended();
      if (open.length > 0 && performance.now() > askAt) {
        askAt = performance.now() + ASK_AGAIN_MS;
        await this.askAgain();
      }
      return open.length === 0;
    };
    return until('an end', ended, { timeout: END_MS, interval: 100 }).then(
      () => [],
      () => this.unended().map(({ task_id }) => `${task_id} never ended`),
    );
  }

  /** Those without a report, or that were claimed and have no final one. */
  unended(): Task[] {
    const reported = new Set(this.#home.reports.map(({ evidence }) => evidence.task_id));
    const finals = this.#home.reports.filter(({ evidence }) => evidence.final);
    const concluded = new Set(finals.map(({ evidence }) => evidence.task_id));
    const left = [...this.#sent.values()].map(({ task }) => task).filter(({ task_id }) => !concluded.has(task_id));
    if (left.length === 0) return [];
    const ledger = openLedger(this.#home.home.var.ledger, systemClock, { readOnly: true });
    const open = left.filter(({ task_id }) => !reported.has(task_id) || ledger.task(task_id));
    ledger.close();
    return open;
  }
}
