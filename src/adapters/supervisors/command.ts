import { OpsError } from '../../errors.ts';
import { commandLine } from '../../planning/command.ts';
import type { ServiceFact } from '../../planning/facts.ts';
import type { RefOf } from '../../planning/service.ts';
import type { CommandExit, Commands } from '../../services/commands.ts';
import type { Supervisor } from '../../services/host.ts';
import type { StepContext } from '../../services/step-kind.ts';

type Ref = RefOf<'command'>;
type Caller = Pick<StepContext, 'task_id' | 'n' | 'signal' | 'output'>;

const ORDER_MS = 60_000;
const LOOK_MS = 10_000;
const OUTPUT_BYTES = 1024 * 1024;
/** As LSB has it for init scripts. */
const STOPPED = 3;

export interface CommandPorts {
  commands: Commands;
  baseEnv: Readonly<Record<string, string>>;
}

/** Services that programs of the task start and stop. They have no definition here, and nobody starts them with the host. */
export function commandSupervisor(ports: CommandPorts): Supervisor<Ref> {
  const order = (ref: Ref, verb: 'start' | 'stop', context: StepContext) => insistOn(ref, verb, context, ports);
  return {
    look: (ref) => look(ref, ports),
    definitionOf: async () => null,
    install: refuse,
    remove: refuse,
    bring: (ref, { state }, context) => order(ref, state === 'running' ? 'start' : 'stop', context),
    restart: async (ref, context) => {
      const { state } = await look(ref, ports);
      if (state === 'running') await order(ref, 'stop', context);
      await order(ref, 'start', context);
    },
  };
}

async function refuse({ name }: Ref): Promise<never> {
  throw new OpsError(`command/${name} cannot be installed or removed: programs have no definition here`);
}

async function look(ref: Ref, ports: CommandPorts): Promise<ServiceFact> {
  const signal = new AbortController().signal;
  const caller = { task_id: 'service', n: 0, signal, output: async () => undefined };
  const exit = await run(ref, ref.status, LOOK_MS, caller, ports);
  const says = saysOf(ref.status, exit);
  const state = exit.exitCode === 0 ? 'running' : exit.exitCode === STOPPED ? 'stopped' : 'unknown';
  if (exit.ended !== 'exit' || state === 'unknown') return { state: 'unknown', says };
  return { state, enabled: false, definition: '', run: '', says };
}

/** @throws OpsError with how the program ended. */
async function insistOn(ref: Ref, verb: 'start' | 'stop', context: Caller, ports: CommandPorts): Promise<void> {
  const exit = await run(ref, ref[verb], ORDER_MS, context, ports);
  if (exit.ended !== 'exit' || exit.exitCode !== 0)
    throw new OpsError(`the ${verb} of command/${ref.name} failed: ${saysOf(ref[verb], exit)}`);
}

function run(
  ref: Ref,
  argv: readonly string[],
  timeoutMs: number,
  { task_id, n, signal, output }: Caller,
  { commands, baseEnv }: CommandPorts,
): Promise<CommandExit> {
  const { writes = [], network = false } = ref;
  const bounds = { timeoutMs, outputLimitBytes: OUTPUT_BYTES, graceMs: 3_000 };
  // All three: what stops a service or looks at it must see the processes of the host.
  const place = { cwd: '/', env: baseEnv, stdin: '', writes, network, outlives: true };
  return commands.run({ task_id, step: n, argv, ...place, ...bounds }, signal, output);
}

function saysOf(argv: readonly string[], { ended, exitCode, message }: CommandExit): string {
  const how = message || (ended === 'exit' ? `exit code ${exitCode}` : ended);
  return `${commandLine(argv)}: ${how}`;
}
