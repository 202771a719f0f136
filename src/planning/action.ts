import type { z } from 'zod';
import type { Environment } from '../contract/names.ts';
import type { ActionRequest } from '../contract/task.ts';
import type { FactQueries, Facts, NoFacts } from './facts.ts';
import type { Probe } from './probe.ts';
import type { Step } from './step.ts';

/**
 * One capability of Ops: data and pure functions only. It never touches the machine; what it wants done it returns as
 * steps, and what it must know it asks as facts.
 */
export interface Action<Input = never, Queries extends FactQueries = FactQueries> {
  /** One sentence for people: what it does. */
  readonly summary: string;
  /** In a few words for people: what its undo does. */
  readonly undo: string;
  /** Strict, without defaults: what parses is what was signed. */
  readonly input: z.ZodType<Input>;
  /** False for what only looks. Only such actions may run on any host. */
  readonly changes: boolean;
  /** Whether this input can be taken back; where not, the signed task must say `irreversible: true`. */
  reversible(input: Input): boolean;
  /** What it needs for itself while it runs: `path:/etc/x` (covers its children), or `host` for the whole machine. */
  resources(input: Input): string[];
  /** What of the host it touches, by which policy judges it: `path:/etc/x`, `binary:git` (contract/need.ts). */
  needs(input: Input): string[];
  /** What a veto can name in it: `commit:<40 hex>`, `artifact:sha256:<hex>`, `schedule:<name>` of this host. */
  subjects(input: Input): string[];
  /** The health check in it, if there is one. */
  check(input: Input): Probe | undefined;
  /** Where it will have that done; the task that asks for it must say the same, for signatures go by it. */
  environment?(input: Input): Environment;
  /** What it will have done later, under the same signatures; they may not put anything off themselves. */
  later?(input: Input): readonly ActionRequest[];
  /** The daemon ends in the middle of it: it is its task's last action, and such a task is resumed. */
  readonly endsDaemon?: true;
  facts(input: Input): Queries;
  /** @throws Error in words for people where the facts forbid it: then nothing of the task runs. */
  plan(input: Input, facts: Facts<Queries>): Step[];
}

/** Fixes an action's types. */
export function defineAction<Input, Queries extends FactQueries = NoFacts>(action: Action<Input, Queries>): AnyAction {
  return action;
}

/** An action whose input has been parsed by its own schema. */
export type AnyAction = Action<unknown>;

/** What Ops can do, by name. */
export type Registry = Readonly<Record<string, AnyAction>>;

/** An action of a task together with its parsed input. */
export interface BoundAction {
  name: string;
  action: AnyAction;
  input: unknown;
  /** What it will have done later. */
  later: readonly BoundAction[];
}
