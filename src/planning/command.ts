import { z } from 'zod';
import { binaryNeed, NETWORK, pathNeed } from '../contract/need.ts';
import { AbsolutePath, Argv, ResourceName, Variables } from './input.ts';
import { endpointOf, Probe } from './probe.ts';
import { variableNeeds } from './reach.ts';
import { WHOLE_HOST } from './resources.ts';
import { secretsIn } from './secret-ref.ts';
import type { CommandSpec, Guard, ProbeStep } from './step.ts';

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const DEFAULT_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What every action that runs a program accepts besides the program. */
export const commandFields = {
  cwd: AbsolutePath.optional().describe('`/` where absent.'),
  env: Variables.optional().describe('Added to PATH, HOME, LANG, TZ, USER, LOGNAME and TMPDIR of the daemon.'),
  timeout_ms: z
    .int()
    .min(10)
    .max(24 * 3600_000)
    .optional()
    .describe('It is ended after that; 10 minutes where absent.'),
  output_limit_bytes: z
    .int()
    .min(1024)
    .max(1024 ** 3)
    .optional()
    .describe('What it may print before it is ended; 16 MiB where absent.'),
  guard: z
    .union([z.strictObject({ creates: AbsolutePath }), z.strictObject({ unless: Argv })])
    .optional()
    .describe('Tells after a crash whether the work is done; without it nobody can say.'),
  resources: z
    .array(z.union([z.literal(WHOLE_HOST), ResourceName]))
    .min(1)
    .max(20)
    .optional()
    .describe(
      'What it needs for itself, and below which paths it may write; `host` is the whole machine. Where absent it takes the whole machine for itself, and writes nowhere.',
    ),
  network: z.literal(true).optional().describe('It may use the network; it has none where absent.'),
  check: Probe.optional().describe('Of what it changed; its exit code where absent.'),
};

export type CommandFields = z.infer<z.ZodObject<typeof commandFields>>;

export function commandSpec(input: CommandFields, argv: readonly string[], stdin: string): CommandSpec {
  return {
    argv,
    cwd: input.cwd ?? '/',
    env: input.env ?? {},
    stdin,
    writes: writesOf(input),
    network: input.network ?? false,
    outlives: false,
    timeoutMs: input.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    outputLimitBytes: input.output_limit_bytes ?? DEFAULT_OUTPUT_BYTES,
  };
}

function writesOf({ resources = [] }: CommandFields): string[] {
  if (resources.includes(WHOLE_HOST)) return ['/'];
  return resources.filter((name) => name.startsWith('path:')).map((name) => name.slice('path:'.length));
}

/** What policy must allow for running these. */
export function commandNeeds(input: CommandFields, argvs: readonly (readonly string[])[], stdin: string): string[] {
  const guard = input.guard && 'unless' in input.guard ? [input.guard.unless] : [];
  const values = [...Object.values(input.env ?? {}), stdin];
  return [
    ...[...argvs, ...guard].map(binaryNeed),
    ...variableNeeds(input.env ?? {}),
    ...writesOf(input).map(pathNeed),
    ...secretsIn(values),
    ...(input.network ? [NETWORK] : []),
  ];
}

export const guardOf = (input: CommandFields): Guard | null => input.guard ?? null;

/** What every action that runs a program has in common. */
export const commandTraits = {
  changes: true,
  resources: (input: CommandFields): string[] => input.resources ?? [WHOLE_HOST],
  subjects: (): string[] => [],
  check: (input: CommandFields): Probe | undefined => input.check,
  facts: (): CommandQueries => ({ sandbox: { ask: 'sandbox' } }),
};

/** Nothing is run where no sandbox is. */
export type CommandQueries = { sandbox: { ask: 'sandbox' } };

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
