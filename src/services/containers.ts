import type { ContainerSpec } from '../planning/container.ts';

/** A container as its engine tells of it. */
export interface Container {
  id: string;
  name: string;
  image: string;
  running: boolean;
  /** How it stands, in the engine's own word: `running`, `exited`, `paused`, … */
  status: string;
  /** When it was started last, as the engine writes it. */
  startedAt: string;
  /** How often its restart policy started it again. */
  restarts: number;
  exitCode: number;
  /** The task that made it, and the digest of the spec it was made from; empty where it was not Ops. */
  task: string;
  spec: string;
  /** When it was made; milliseconds since 1970. */
  madeAt: number;
  /** Of the host: ports that it listens on, folders that it writes, and its network mode. */
  hostPorts: readonly number[];
  writes: readonly string[];
  network: string;
  restart: string;
  /** It is gone when it ends. */
  removesItself: boolean;
}

/** The engine of containers. Every method rejects with an OpsError where the engine does not do as asked, or nobody knows. */
export interface Containers {
  /** By name or id; null where there is none. */
  find(nameOrId: string): Promise<Container | null>;
  /** What Ops made and keeps for an undo of the container of a name. */
  keptOf(name: string): Promise<Container[]>;
  /** Makes it without starting it; its id. Its image must be here. `env`: the values of its variables, secrets fetched. */
  create(spec: ContainerSpec, env: Readonly<Record<string, string>>, taskId: string): Promise<string>;
  start(id: string): Promise<void>;
  /** Asks it to end, and kills it after the time that it was made with. */
  stop(id: string): Promise<void>;
  /** Stops it, if it runs, and starts it again: one order, which the end of the daemon does not cut in two. */
  restart(id: string): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  /** For good. */
  remove(id: string): Promise<void>;
  /** Runs a command in it; null where that succeeds, else why not. */
  failureOf(id: string, argv: readonly string[]): Promise<string | null>;
  /** Whether an order to a container of this name, or with one of these ids, is still under way: it outlives a daemon. */
  isUnderWay(name: string, ids: readonly string[]): Promise<boolean>;
  /** Why it cannot be made here: its image is not here, or it may not have one of its mounts. Null where it can. */
  obstacleTo(spec: ContainerSpec): Promise<string | null>;
}
