import { setTimeout as pause } from 'node:timers/promises';
import { TestHome } from '../integration/test-home.ts';
import { until } from '../integration/until.ts';
import { condemn, type Death, deathsIn, killNow, pardon, standStill, type Victim } from './death.ts';
import { untrueEffects } from './effects.ts';
import type { Figures } from './figures.ts';
import { endStrays, violations } from './invariants.ts';
import { Manager, type Order } from './manager.ts';
import { ALL_POINTS } from './points.ts';
import { Random } from './random.ts';
import { RoundCrons } from './round-crons.ts';
import { sizeOf } from './size.ts';

const KILLS = 8;
const PATIENCE_MS = 1_500;
const STOPPED_MS = 300;
const REDIS_MS = 300;
const RSS_LIMIT_MB = 250;
const VICTIMS: readonly (readonly Victim[])[] = [
  ['daemon'],
  ['daemon'],
  ['daemon', 'runner'],
  ['daemon', 'runner'],
  ['runner'],
  ['redis'],
  ['daemon', 'redis'],
  ['daemon', 'runner', 'redis'],
];

/** What else has to be asked for, that somebody comes to this point. */
const NEEDS: Partial<Record<Death['at'], Order>> = {
  held: 'held',
  refused: 'unsigned',
  'undo-intended': 'failing',
  undone: 'failing',
};

/** A home in which much dies: what does not hold of it afterwards. The same seed makes the same choices. */
export async function playRound(seed: string, figures: Figures, kills = KILLS): Promise<string[]> {
  await using home = await TestHome.make({ OPS_DASHBOARD: 'off' }, { mortal: true });
  const round = new Round(home, new Random(seed), figures);
  const found = await round.play(kills);
  figures.add('rounds');
  endStrays(home.root);
  return found;
}

class Round {
  readonly #home: TestHome;
  readonly #random: Random;
  readonly #figures: Figures;
  readonly #manager: Manager;
  readonly #crons: RoundCrons;

  constructor(home: TestHome, random: Random, figures: Figures) {
    this.#home = home;
    this.#random = random;
    this.#figures = figures;
    this.#manager = new Manager(home, random, figures);
    this.#crons = new RoundCrons(home, random);
  }

  async play(kills: number): Promise<string[]> {
    await this.#rise();
    await this.#crons.start();
    for (let left = kills; left > 0; left -= 1) await this.#disaster();
    pardon(this.#home.root);
    // Also what nobody noticed to be lost in Redis is found by a new daemon.
    await this.#home.kill();
    await this.#rise();
    const endless = [...(await this.#manager.insist()), ...(await this.#crons.end())];
    this.#figures.add('slots', this.#crons.count);
    return [...endless, ...(await violations(this.#home)), ...untrueEffects(this.#home), ...(await this.#tooLarge())];
  }

  /** Some tasks, and somebody who dies over them. */
  async #disaster(): Promise<void> {
    const random = this.#random;
    const at = random.chance(75) ? random.pick(ALL_POINTS) : null;
    const victims = random.pick(VICTIMS);
    const before = deathsIn(this.#home.root).length;
    if (at !== null) condemn(this.#home.root, { at, hit: 1 + random.int(at in NEEDS ? 1 : 3), victims });
    const need = at === null ? undefined : NEEDS[at];
    const orders = [...(need ? [need] : []), ...Array.from({ length: 2 + random.int(4) }, () => undefined)];
    const trouble = random.int(100);
    const patienceMs = at === null ? random.int(800) : PATIENCE_MS;
    const sent = this.#send(orders, trouble);
    const fulfilled = () => deathsIn(this.#home.root).length > before;
    await until('a death', fulfilled, { timeout: patienceMs, interval: 10 }).catch(() => undefined);
    if (!fulfilled()) this.#killAnywhere(victims);
    else this.#figures.killed(deathsIn(this.#home.root).at(-1) ?? '');
    if (victims.includes('daemon')) await this.#riseAgain();
    // Where Redis died before all was sent, the rest went to the next one.
    await sent;
  }

  async #send(orders: readonly (Order | undefined)[], trouble: number): Promise<void> {
    for (const order of orders) await this.#manager.send(order);
    await this.#trouble(trouble);
  }

  #killAnywhere(victims: readonly Victim[]): void {
    pardon(this.#home.root);
    this.#figures.killed('anywhere');
    for (const victim of victims) killNow(this.#home.root, victim);
  }

  async #trouble(chance: number): Promise<void> {
    if (chance < 8) {
      this.#figures.add('FLUSHALLs');
      await this.#home.redis.flushall();
    } else if (chance < 14) {
      this.#figures.add('pauses');
      await standStill(this.#home.pid, STOPPED_MS);
    }
  }

  async #riseAgain(): Promise<void> {
    await this.#home.died();
    // A Redis that died waits for the next daemon.
    await Promise.race([this.#home.passStall(), pause(REDIS_MS)]);
    if (this.#random.chance(20)) condemn(this.#home.root, { at: 'reconciled', hit: 1, victims: ['daemon', 'runner'] });
    await this.#rise();
  }

  /** Starts daemons until one takes tasks: they may be condemned, too. */
  async #rise(): Promise<void> {
    for (;;) {
      const daemon = this.#home.launch();
      const isDead = () => daemon.nodeChildProcess.exitCode !== null || daemon.nodeChildProcess.signalCode !== null;
      await until('a daemon', () => this.#home.isReady || isDead(), { timeout: 30_000, interval: 10 });
      if (!isDead()) return this.#home.ready();
      const { signal, stderr } = await daemon;
      if (signal !== 'SIGKILL') throw new Error(`the daemon did not start: ${stderr}`);
      this.#figures.killed('reconciled');
    }
  }

  async #tooLarge(): Promise<string[]> {
    const { rssMb } = await sizeOf(this.#home);
    return rssMb < RSS_LIMIT_MB ? [] : [`the daemon holds ${rssMb} MB`];
  }
}
