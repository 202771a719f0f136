import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { OpsError } from '../../errors.ts';
import { rulesOf } from '../../planning/bounds.ts';
import { SCRATCH } from '../../runner/messages.ts';
import type { CommandExit, CommandRequest, Commands, Confinement } from '../../services/commands.ts';
import { guardedIn, writableAs } from './grounds.ts';
import type { Sandbox, SandboxHere, SandboxSettings } from './sandbox.ts';

/** Runs every command in its sandbox, or not at all: `problem` says why there is none. */
export function confined(commands: Commands, sandbox: SandboxHere, settings: SandboxSettings): Commands {
  return {
    run: async (request, signal, onOutput) => {
      const confinement = 'problem' in sandbox ? sandbox.problem : confinementOf(request, sandbox, settings);
      if (typeof confinement === 'string') return notStarted(confinement);
      const env = withScratch(request.env, confinement, settings);
      return commands.run({ ...request, env, confinement }, signal, onOutput);
    },
  };
}

/** A string says why it cannot be confined as it is. */
function confinementOf(request: CommandRequest, sandbox: Sandbox, settings: SandboxSettings): Confinement | string {
  const { network, outlives, cwd } = request;
  try {
    const scratch = outlives ? null : scratchIn(settings);
    const ground = { ...guardedIn(settings), writes: writableAs(request.writes), scratch };
    return { ...sandbox.confine({ rules: rulesOf(ground), network, outlives }, cwd), scratch };
  } catch (error) {
    if (error instanceof OpsError) return error.message;
    throw error;
  }
}

/** The runner makes it, with the rights that the command has. */
function scratchIn({ home, runAs }: SandboxSettings): string {
  return join(realpathSync(runAs === null ? home.var.run : home.runner.dir), SCRATCH, randomUUID());
}

/** A TMPDIR that was signed stays. */
function withScratch(env: CommandRequest['env'], { scratch }: Confinement, { baseEnv }: SandboxSettings) {
  return scratch === null || env['TMPDIR'] !== baseEnv['TMPDIR'] ? env : { ...env, TMPDIR: scratch };
}

function notStarted(message: string): CommandExit {
  return { ended: 'not-started', exitCode: null, signal: null, message, durationMs: 0, leftRunning: [] };
}
