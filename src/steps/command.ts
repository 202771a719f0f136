import { coerceError } from '../errors.ts';
import { covers } from '../planning/bounds.ts';
import { commandLine } from '../planning/command.ts';
import { isSecretRef } from '../planning/secret-ref.ts';
import type { CommandSpec, CommandStep } from '../planning/step.ts';
import type { CommandExit, CommandRequest, Commands } from '../services/commands.ts';
import type { Files } from '../services/host.ts';
import type { Secrets } from '../services/ports.ts';
import {
  type Answer,
  applied,
  type Effect,
  failed,
  refusedTo,
  type StepContext,
  type StepKind,
} from '../services/step-kind.ts';

/** Between TERM and KILL; a veto must end a command within 5 s. */
const GRACE_MS = 3_000;
const GUARD_TIMEOUT_MS = 30_000;

export interface CommandPorts {
  commands: Commands;
  files: Files;
  secrets: Secrets;
  /** What every child gets: PATH, HOME, LANG, TZ and no more. */
  baseEnv: Readonly<Record<string, string>>;
  /** Roots of application source: what runs in one is a build or a test of it. */
  protect: readonly string[];
}

/** Runs an argv. Nobody can see from outside what it changed, so it has no state to observe. */
export function commandKind(ports: CommandPorts): StepKind<CommandStep> {
  const run = async (spec: CommandSpec, context: StepContext): Promise<CommandExit | Error> => {
    const fetched = await withSecrets(spec, ports.secrets, context).catch(coerceError);
    if (fetched instanceof Error) return fetched;
    return ports.commands.run(requestOf(fetched, ports.baseEnv, context), context.signal, context.output);
  };
  return {
    observe: async () => null,
    capture: async () => null,
    apply: async ({ target, command, ofCode }, context) => {
      const exit = await run(command, context);
      const effect = effectOf(target, exit);
      const isBuild = ofCode || ports.protect.some((root) => covers(root, command.cwd));
      return isBuild && endedWithCode(exit) ? codeChangeFor(effect, await context.lastLines?.()) : effect;
    },
    undo: async (step, _captured, context) => {
      if (!step.undo) return failed('irreversible', 'was signed as irreversible');
      return effectOf(step.target, await run(step.undo, context));
    },
    reconcile: async ({ guard, command }, _captured, context) => {
      if (!guard) return 'unknown';
      if ('creates' in guard) return (await ports.files.exists(guard.creates)) ? 'done' : 'not-done';
      const exit = await run({ ...command, argv: guard.unless, stdin: '', timeoutMs: GUARD_TIMEOUT_MS }, context);
      return 'ended' in exit && exit.ended === 'exit' ? guardAnswer(exit.exitCode) : 'unknown';
    },
    preview: async (step) => previewOf(step),
  };
}

/** With the values of the secrets it names, as they are now: an undo may get others than what it takes back. */
async function withSecrets(spec: CommandSpec, secrets: Secrets, context: StepContext): Promise<CommandSpec> {
  const { task_id, n: step, signal } = context;
  const valueOf = async (text: string) => (isSecretRef(text) ? secrets.fetch(text, { task_id, step, signal }) : text);
  const env = Object.entries(spec.env).map(async ([name, text]) => [name, await valueOf(text)] as const);
  return { ...spec, env: Object.fromEntries(await Promise.all(env)), stdin: await valueOf(spec.stdin) };
}

function guardAnswer(exitCode: number | null): Answer {
  if (exitCode === null) return 'unknown';
  return exitCode === 0 ? 'done' : 'not-done';
}

function requestOf(
  spec: CommandSpec,
  baseEnv: Readonly<Record<string, string>>,
  { task_id, work, n }: Pick<StepContext, 'task_id' | 'work' | 'n'>,
): CommandRequest {
  // A command and its undo name what they make by the task: the same definition runs in many slots.
  const env = { ...baseEnv, ...spec.env, HISTFILE: '/dev/null', OPS_TASK_ID: work };
  return { ...spec, task_id, step: n, env, graceMs: GRACE_MS };
}

/** An error: what it needs could not be fetched, so that nothing ran. */
function effectOf(service: string, exit: CommandExit | Error): Effect {
  if (exit instanceof Error) return refusedTo('secret', exit.message);
  const { leftRunning } = exit;
  const endpoint = exit.exitCode === null ? exit.ended : `exit code ${exit.exitCode}`;
  if (exit.ended === 'exit' && exit.exitCode === 0) {
    return applied('exit code 0', { health: [{ service, status: 'healthy', endpoint }], leftRunning });
  }
  const health = [{ service, status: exit.ended === 'lost' ? ('degraded' as const) : ('down' as const), endpoint }];
  const effect = failed(CODES[exit.ended], messageOf(exit), { health, leftRunning });
  if (exit.ended === 'not-started') return { ...effect, outcome: 'refused' };
  return exit.ended === 'lost' ? { ...effect, outcome: 'unknown' } : effect;
}

const endedWithCode = (exit: CommandExit | Error): boolean =>
  'ended' in exit && exit.ended === 'exit' && exit.exitCode !== null && exit.exitCode !== 0;

/** No operation mends a build or a test that fails. */
function codeChangeFor(effect: Effect, lastLines: string | undefined): Effect {
  const printed = lastLines ? `. What was printed last:\n${lastLines}` : '';
  return { ...effect, code: 'needs-code-change', message: `needs a code change: ${effect.message}${printed}` };
}

const CODES: Record<CommandExit['ended'], string> = {
  exit: 'command-failed',
  timeout: 'timeout',
  'output-limit': 'output-limit',
  aborted: 'aborted',
  'not-started': 'not-started',
  lost: 'lost',
};

function messageOf(exit: CommandExit): string {
  if (exit.message !== '') return exit.message;
  if (exit.ended !== 'exit') return `ended by ${exit.ended}`;
  return exit.signal ? `ended by ${exit.signal}` : `exit code ${exit.exitCode}`;
}

function previewOf({ command, undo }: CommandStep): string {
  const lines = [...invocation('would run', command), 'cannot preview what it changes'];
  return [...lines, ...(undo ? invocation('its undo would run', undo) : ['irreversible'])].join('\n');
}

function invocation(verb: string, { argv, cwd, env, stdin, writes, network }: CommandSpec): string[] {
  const names = Object.entries(env).map(([name, text]) => (isSecretRef(text) ? `${name} (${text})` : name));
  const variables = names.length > 0 ? ` with the variables ${names.join(', ')}` : '';
  const reads =
    stdin === ''
      ? []
      : stdin
          .trimEnd()
          .split('\n')
          .map((line) => `  | ${line}`);
  const line = `${verb} ${commandLine(argv)} in ${cwd}${variables}`;
  return [
    `${line}${reads.length > 0 ? ', reading:' : ''}`,
    ...reads,
    `  ${reach(writes)}, and ${network ? 'may use the network' : 'has no network'}`,
  ];
}

function reach(writes: readonly string[]): string {
  if (writes.includes('/')) return 'it may write everywhere but to what is protected';
  return writes.length > 0 ? `it may write below ${writes.join(', ')}` : 'it may write nowhere';
}
