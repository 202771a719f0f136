import type { z } from 'zod';
import type { FactQueries, Facts, NoFacts } from './facts.ts';
import type { Probe } from './probe.ts';
import type { Step } from './step.ts';

/**
 * One capability of Ops: data and pure functions only. It never touches the machine; what it wants done it returns as
 * steps, and what it must know it asks as facts.
 */
export interface Action<Input = never, Queries extends FactQueries = FactQueries> {
  /** Strict, without defaults: what parses is what was signed. */
  readonly input: z.ZodType<Input>;
  /** False for what only looks. Only such actions may run on any host. */
  readonly changes: boolean;
  /** Whether this input can be taken back; where not, the signed task must say `irreversible: true`. */
  reversible(input: Input): boolean;
  /** What it needs for itself while it runs: `path:/etc/x` (covers its children), or `host` for the whole machine. */
  resources(input: Input): string[];
  /** The commits and artifacts in it that a veto can name, e.g. `commit:<40 hex>`. */
  subjects(input: Input): string[];
  /** The health check in it, if there is one. */
  check(input: Input): Probe | undefined;
  facts(input: Input): Queries;
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
}
