import { z } from 'zod';
import { AbsolutePath, Argv, ResourceName, Variables } from './input.ts';
import { endpointOf, Probe } from './probe.ts';
import { WHOLE_HOST } from './resources.ts';
import type { CommandSpec, Guard, ProbeStep } from './step.ts';

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const DEFAULT_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What every action that runs a program accepts besides the program. */
export const commandFields = {
  cwd: AbsolutePath.optional(),
  env: Variables.optional(),
  /** 10 minutes where absent. */
  timeout_ms: z
    .int()
    .min(10)
    .max(24 * 3600_000)
    .optional(),
  /** What it may print before it is ended; 16 MiB where absent. */
  output_limit_bytes: z
    .int()
    .min(1024)
    .max(1024 ** 3)
    .optional(),
  /** Tells after a crash whether the work is done; without it nobody can say. */
  guard: z.union([z.strictObject({ creates: AbsolutePath }), z.strictObject({ unless: Argv })]).optional(),
  /** What it touches; the whole host where absent. */
  resources: z.array(ResourceName).min(1).max(20).optional(),
  /** A health check of what it changed; its exit code where absent. */
  check: Probe.optional(),
};

export type CommandFields = z.infer<z.ZodObject<typeof commandFields>>;

export function commandSpec(input: CommandFields, argv: readonly string[], stdin: string): CommandSpec {
  return {
    argv,
    cwd: input.cwd ?? '/',
    env: input.env ?? {},
    stdin,
    timeoutMs: input.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    outputLimitBytes: input.output_limit_bytes ?? DEFAULT_OUTPUT_BYTES,
  };
}

export const guardOf = (input: CommandFields): Guard | null => input.guard ?? null;

/** What every action that runs a program has in common. */
export const commandTraits = {
  changes: true,
  resources: (input: CommandFields): string[] => input.resources ?? [WHOLE_HOST],
  subjects: (): string[] => [],
  check: (input: CommandFields): Probe | undefined => input.check,
  facts: () => ({}),
};

/** The probe that ends a plan, where the input names one. */
export function checkSteps(probe: Probe | undefined): ProbeStep[] {
  return probe ? [probeStep(probe)] : [];
}

export function probeStep(probe: Probe): ProbeStep {
  return { kind: 'probe', target: probe.service, title: `check ${probe.service} (${endpointOf(probe)})`, probe };
}

/** An argv as one line that cannot be mistaken for another one: what is not plain is quoted as JSON. */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
}
