import type { SlotRecord } from '../../src/services/schedules.ts';
import { Cron, withLedger } from '../integration/crons.ts';
import type { TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';
import type { Random } from './random.ts';

const ENDED_MS = 90_000;
const SECOND = 1_000;

/** Brief commands; one of them fails now and then. */
const SCRIPTS = ['true', 'sleep 0.2', 'sleep 1.5', 'exit $(($$ % 3))'];

/** Schedules of each overlap whose slots fall due every second, whatever dies. */
export class RoundCrons {
  readonly #home: TestHome;
  readonly #crons: readonly Cron[];

  constructor(home: TestHome, random: Random) {
    this.#home = home;
    this.#crons = (['skip', 'queue', 'replace'] as const).map((overlap) => {
      const retries = { count: random.int(3), backoff_ms: 1_000 };
      const onInterrupt = random.pick(['resume', 'undo', 'stop'] as const);
      const more = { pattern: '* * * * * *', overlap, retries, on_interrupt: onInterrupt, catch_up: 'all' } as const;
      return new Cron(home, `${overlap}-it`, more, random.pick(SCRIPTS));
    });
  }

  async start(): Promise<void> {
    for (const cron of this.#crons) await cron.define();
  }

  /** Removes them. Returns what slots did not come to one end. */
  async end(): Promise<string[]> {
    for (const cron of this.#crons) await cron.ask('remove');
    const open = () => this.#crons.flatMap(({ slots }) => slots).filter(({ endedAt }) => endedAt === null);
    await until('all ends', () => open().length === 0, { timeout: ENDED_MS, interval: 200 }).catch(() => undefined);
    const endless = open().map(({ schedule, dueAt, state, reason }) => `${schedule} ${dueAt} is ${state} (${reason})`);
    return [...endless, ...this.#crons.flatMap((cron) => [...wrongTimes(cron), ...this.#wrongEffects(cron)])];
  }

  /** How many slots there were. */
  get count(): number {
    return this.#crons.reduce((sum, { slots }) => sum + slots.length, 0);
  }

  /** Each try ran once at most; what was applied ran, and what was undone was taken back. */
  #wrongEffects(cron: Cron): string[] {
    const states = withLedger(this.#home, (ledger) => {
      const all = ledger.recentTasks(Number.MAX_SAFE_INTEGER).map(({ task }) => task);
      const tries = all.filter((task) => 'slot' in task && task.slot.schedule === cron.name);
      return tries.map(({ task_id }) => ledger.steps(task_id)[0]?.state);
    });
    const [applied, undone] = ['applied', 'undone'].map((each) => states.filter((state) => state === each).length);
    const maybe = states.filter((state) => state && state !== 'planned' && state !== 'refused').length;
    const [did, undid] = [cron.count('ran'), cron.count('undone')];
    const wrong = did > maybe || did < Number(applied) || undid < Number(undone);
    const steps = `${states.length} tries, ${maybe} begun, ${applied} applied, ${undone} undone`;
    return wrong ? [`${cron.name} ran ${did} times and was undone ${undid} times: ${steps}`] : [];
  }
}

/** Each second has its slot, and none was missed: no daemon was away for a minute. */
function wrongTimes(cron: Cron): string[] {
  const slots = cron.slots.toReversed();
  const wrong = slots.filter((slot, index) => isWrong(slot, slots[index - 1]));
  return wrong.map(({ state, dueAt, reason }) => `${cron.name} ${dueAt} is ${state} (${reason}), or not the next`);
}

function isWrong(slot: SlotRecord, before: SlotRecord | undefined): boolean {
  return slot.state === 'missed' || slot.count > 1 || (before !== undefined && slot.dueAt - before.dueAt !== SECOND);
}
