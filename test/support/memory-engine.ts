import { type ContainerSpec, specDigest } from '../../src/planning/container.ts';
import type { Container, Containers } from '../../src/services/containers.ts';

/** An engine of containers in memory. */
export class MemoryEngine implements Containers {
  readonly containers: Container[] = [];
  /** What was asked for, e.g. `stop web`. */
  readonly orders: string[] = [];
  /** With which values the last one was made. */
  env: Readonly<Record<string, string>> = {};
  /** Why a spec cannot be made. */
  obstacle: string | null = null;
  /** What the health command of a container says, by the container's image; null where it succeeds. */
  readonly failures = new Map<string, string | null>();
  /** Images whose containers end at once. */
  readonly mortal = new Set<string>();
  /** At the order of this number, from 1, the engine fails, or the daemon dies: once that is done, or before. */
  fault: { at: number; done: boolean; deadly: boolean } | null = null;
  #dead = false;
  /** What is still to come of an order of a dead daemon, once somebody has looked for it. */
  pending: (() => void) | null = null;
  #made = 0;

  /** One that others made. */
  add(more: Partial<Container> = {}): Container {
    this.#made += 1;
    const container: Container = {
      id: String(this.#made).repeat(64).slice(0, 64),
      name: 'web',
      image: 'old',
      running: true,
      status: '',
      startedAt: '',
      restarts: 0,
      exitCode: 0,
      task: '',
      spec: '',
      madeAt: 0,
      hostPorts: [],
      writes: [],
      network: 'bridge',
      restart: 'unless-stopped',
      removesItself: false,
      ...more,
    };
    this.containers.push(container);
    return container;
  }

  /** Another daemon comes up. */
  revive(): void {
    this.#dead = false;
    this.fault = null;
  }

  async find(nameOrId: string): Promise<Container | null> {
    if (this.#dead) throw new Error('dead');
    const found = this.containers.find(({ id, name }) => [id, name].includes(nameOrId));
    return found ? { ...found, status: found.status || (found.running ? 'running' : 'exited') } : null;
  }

  async keptOf(name: string): Promise<Container[]> {
    return this.containers.filter((kept) => kept.name.startsWith(`${name}.before-`) && kept.task !== '');
  }

  async create(spec: ContainerSpec, env: Readonly<Record<string, string>>, task: string): Promise<string> {
    return this.#order('create', spec.name, () => {
      if (this.containers.some(({ name }) => name === spec.name)) throw new Error('the name is in use');
      this.env = env;
      const hostPorts = (spec.ports ?? []).map(({ host }) => host);
      return this.add({ ...spec, running: false, task, spec: specDigest(spec), hostPorts } as Partial<Container>).id;
    });
  }

  start = (id: string): Promise<void> =>
    this.#order('start', id, () => {
      const container = this.#get(id);
      const rival = this.containers.find(
        (other) =>
          other.running && other.id !== id && other.hostPorts.some((port) => container.hostPorts.includes(port)),
      );
      if (rival) throw new Error(`the port is in use by ${rival.name}`);
      container.running = !this.mortal.has(container.image);
      container.startedAt = `at order ${this.orders.length}`;
      container.exitCode = container.running ? 0 : 3;
    });
  restart = (id: string): Promise<void> =>
    this.#order('restart', id, () => {
      Object.assign(this.#get(id), { running: true, startedAt: `at order ${this.orders.length}` });
    });
  stop = (id: string): Promise<void> => this.#order('stop', id, () => void (this.#get(id).running = false));
  rename = (id: string, to: string): Promise<void> =>
    this.#order('rename', id, () => {
      if (this.containers.some(({ name }) => name === to)) throw new Error('the name is in use');
      this.#get(id).name = to;
    });
  remove = (id: string): Promise<void> =>
    this.#order('remove', id, () => void this.containers.splice(this.containers.indexOf(this.#get(id)), 1));

  isUnderWay = async (): Promise<boolean> => {
    const { pending } = this;
    this.pending = null;
    pending?.();
    return pending !== null;
  };

  failureOf = async (id: string): Promise<string | null> => this.failures.get(this.#get(id).image) ?? null;
  obstacleTo = async (): Promise<string | null> => this.obstacle;

  /** As `web old running`, in alphabetical order. */
  get seen(): string[] {
    return this.containers.map(({ name, image, running }) => `${name} ${image}${running ? ' runs' : ''}`).toSorted();
  }

  #get(id: string): Container {
    const found = this.containers.find((container) => container.id === id);
    if (!found) throw new Error(`no container ${id}`);
    return found;
  }

  async #order<T>(verb: string, idOrName: string, act: () => T): Promise<T> {
    if (this.#dead) throw new Error('dead');
    this.orders.push(`${verb} ${this.containers.find(({ id }) => id === idOrName)?.name ?? idOrName}`);
    const fault = this.fault?.at === this.orders.length ? this.fault : null;
    this.#dead = fault?.deadly ?? false;
    const answer = fault && !fault.done ? null : act();
    if (fault) throw new Error('the engine is out of order');
    return answer as T;
  }
}
