import { hash } from 'node:crypto';
import { OpsError } from '../../src/errors.ts';
import type { ServiceFact, Standing } from '../../src/planning/facts.ts';
import { type ServiceRef, serviceName } from '../../src/planning/service.ts';
import type { Supervisor, Supervisors } from '../../src/services/host.ts';

interface Kept extends Standing {
  definition: string | null;
  run: number;
}

/** A supervisor in memory. A service of it does at once what it is told, unless the test says otherwise. */
export class TestSupervisor implements Supervisor {
  readonly services = new Map<string, Kept>();
  /** The orders it took, in their order. */
  readonly orders: string[] = [];
  /** What it says instead of how a service is. */
  garbage: string | null = null;
  /** Why it takes no orders. */
  refusal: string | null = null;
  /** Called at each look. */
  beforeLook: () => void = () => undefined;

  /** As if it kept the services of every kind. */
  get all(): Supervisors {
    return { command: this, container: this, launchd: this, pm2: this, systemd: this };
  }

  put(name: string, kept: Partial<Kept>): void {
    this.services.set(name, { state: 'running', enabled: true, definition: null, run: 1, ...kept });
  }

  async look(ref: ServiceRef): Promise<ServiceFact> {
    this.beforeLook();
    if (this.garbage !== null) return { state: 'unknown', says: this.garbage };
    const kept = this.services.get(serviceName(ref));
    if (!kept) return { state: 'absent' };
    const { state, enabled, definition } = kept;
    const run = state === 'running' ? `run ${kept.run}` : '';
    return { state, enabled, definition: definition === null ? '' : hash('sha256', definition), run, says: state };
  }

  async definitionOf(ref: ServiceRef): Promise<string | null> {
    return this.services.get(serviceName(ref))?.definition ?? null;
  }

  async install(ref: ServiceRef, definition: string, standing: Standing): Promise<void> {
    this.#take('install', ref);
    this.services.set(serviceName(ref), { run: 1, ...standing, definition });
  }

  async bring(ref: ServiceRef, { state, enabled }: Standing): Promise<void> {
    this.#take(`bring ${state}`, ref);
    const kept = this.services.get(serviceName(ref));
    if (kept) this.services.set(serviceName(ref), { ...kept, state, enabled, run: kept.run + 1 });
  }

  async restart(ref: ServiceRef): Promise<void> {
    this.#take('restart', ref);
    const kept = this.services.get(serviceName(ref));
    if (kept) this.services.set(serviceName(ref), { ...kept, state: 'running', run: kept.run + 1 });
  }

  async remove(ref: ServiceRef): Promise<void> {
    this.#take('remove', ref);
    this.services.delete(serviceName(ref));
  }

  #take(order: string, ref: ServiceRef): void {
    if (this.refusal !== null) throw new OpsError(this.refusal);
    this.orders.push(`${order} ${serviceName(ref)}`);
  }
}
