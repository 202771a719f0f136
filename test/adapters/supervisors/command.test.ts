import { expect, it } from 'vitest';
import { commandSupervisor } from '../../../src/adapters/supervisors/command.ts';
import type { CommandExit, CommandRequest } from '../../../src/services/commands.ts';

const WEB = { supervisor: 'command' as const, name: 'web', start: ['up'], stop: ['down'], status: ['looks'] };
const context = { task_id: 't', work: 't', n: 2, signal: new AbortController().signal, output: async () => undefined };
const RUNS = { state: 'running', enabled: false } as const;

/** Programs that end so, and what was asked of them. */
function programs(exit: Partial<CommandExit>) {
  const asked: CommandRequest[] = [];
  const run = async (request: CommandRequest): Promise<CommandExit> => {
    asked.push(request);
    return { ended: 'exit', exitCode: 0, signal: null, message: '', durationMs: 1, leftRunning: [], ...exit };
  };
  return { asked, supervisor: commandSupervisor({ commands: { run }, baseEnv: { LANG: 'C' } }) };
}

it.each([
  [{ exitCode: 0 }, 'running', 'looks: exit code 0'],
  [{ exitCode: 3 }, 'stopped', 'looks: exit code 3'],
  [{ exitCode: 1 }, 'unknown', 'looks: exit code 1'],
  [{ exitCode: 4 }, 'unknown', 'looks: exit code 4'],
  [{ exitCode: null, signal: 'SIGSEGV', message: 'ended by SIGSEGV' }, 'unknown', 'looks: ended by SIGSEGV'],
  [{ ended: 'timeout', exitCode: null }, 'unknown', 'looks: timeout'],
  [{ ended: 'lost', exitCode: null, message: 'the runner died' }, 'unknown', 'looks: the runner died'],
] as const)('F55: takes a status that ends with %j for %s', async (exit, state, says) => {
  expect(await programs(exit).supervisor.look(WEB)).toMatchObject({ state, says });
});

it('gives the programs what the task allows, and what they start may live on', async () => {
  const { asked, supervisor } = programs({});
  await supervisor.bring({ ...WEB, writes: ['/srv/web'], network: true }, RUNS, context);
  await supervisor.bring(WEB, { ...RUNS, state: 'stopped' }, context);
  await supervisor.restart(WEB, context);
  expect(asked.map(({ argv }) => argv[0])).toEqual(['up', 'down', 'looks', 'down', 'up']);
  expect(asked[0]).toMatchObject({ writes: ['/srv/web'], network: true, env: { LANG: 'C' }, task_id: 't', step: 2 });
  expect(asked[1]).toMatchObject({ writes: [], network: false });
  expect(asked.every(({ outlives }) => outlives)).toBe(true);
});

it('says how a program failed', async () => {
  const { supervisor } = programs({ exitCode: 7 });
  const start = supervisor.bring(WEB, RUNS, context);
  await expect(start).rejects.toThrow('the start of command/web failed: up: exit code 7');
  await expect(supervisor.remove(WEB, context)).rejects.toThrow('have no definition here');
});
