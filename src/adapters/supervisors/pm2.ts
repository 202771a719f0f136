import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { coerceError } from '../../errors.ts';
import type { ServiceFact } from '../../planning/facts.ts';
import type { RefOf } from '../../planning/service.ts';
import type { Supervisor } from '../../services/host.ts';
import { writeAtomically } from '../atomic-write.ts';
import { files } from '../files.ts';
import { definitionAt } from './definition-file.ts';
import { type Pm2Process, pm2Program, pm2Refused } from './pm2-program.ts';

type Ref = RefOf<'pm2'>;

export interface Pm2Ports {
  /** The whole environment of pm2, and so of every app that it starts. */
  baseEnv: Readonly<Record<string, string>>;
  /** Where the definitions are kept that `install` brings. */
  folder: string;
  /** Whose commands of tasks are; null: the daemon's own. */
  runAs: string | null;
}

/** pm2, by its own program. An app that is defined here, but not in its list, is stopped. */
export function pm2Supervisor({ baseEnv, folder, runAs }: Pm2Ports): Supervisor<Ref> {
  const pm2 = runAs === null ? pm2Program(baseEnv) : pm2Refused(runAs);
  const fileOf = ({ name }: Ref) => join(folder, `${name}.json`);
  const processesOf = async ({ name }: Ref) => (await pm2.list()).filter((process) => process.name === name);
  const orderAll = async (verb: 'restart' | 'stop' | 'delete', ref: Ref) => {
    const ids = (await processesOf(ref)).map(({ pm_id }) => String(pm_id));
    if (ids.length > 0) await pm2.order(verb, ...ids);
    return ids.length > 0;
  };
  // pm2 has no other word for it: what is stopped it starts.
  const run = async (ref: Ref) => {
    if (!(await orderAll('restart', ref))) await pm2.order('start', fileOf(ref));
  };
  return {
    look: async (ref) => {
      try {
        return factOf(await processesOf(ref), await definitionAt(fileOf(ref)));
      } catch (error) {
        return { state: 'unknown', says: coerceError(error).message };
      }
    },
    definitionOf: async (ref) => (await definitionAt(fileOf(ref))).text,
    install: async (ref, definition, { state }) => {
      await orderAll('delete', ref);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeAtomically(fileOf(ref), definition, { mode: 0o600 });
      if (state !== 'stopped') await pm2.order('start', fileOf(ref));
    },
    bring: async (ref, { state }) => {
      if (state === 'stopped') await orderAll('stop', ref);
      else await run(ref);
    },
    restart: run,
    remove: async (ref) => {
      await orderAll('delete', ref);
      await files.remove(fileOf(ref));
    },
  };
}

/** How pm2's words are understood; of any other, like `launching`, nobody knows what becomes. */
const STATES: Readonly<Record<string, 'running' | 'waiting' | 'stopped'>> = {
  online: 'running',
  'waiting restart': 'waiting',
  stopped: 'stopped',
  errored: 'stopped',
};

function factOf(
  processes: readonly Pm2Process[],
  { text, digest }: { text: string | null; digest: string },
): ServiceFact {
  if (processes.length === 0 && text === null) return { state: 'absent' };
  const says = processes.map(saysOf).join('; ') || 'not in the list of pm2';
  const [state = 'stopped', ...others] = new Set(processes.map(({ pm2_env }) => STATES[pm2_env.status] ?? 'unknown'));
  if (state === 'unknown' || others.length > 0) return { state: 'unknown', says };
  const run = processes.map(({ pid, pm2_env }) => `${pid} of ${pm2_env.pm_uptime}`).join(', ');
  return { state, enabled: false, definition: digest, run: state === 'running' ? run : '', says };
}

const saysOf = ({ pid, pm2_env: { status, restart_time } }: Pm2Process): string =>
  `${status}, pid ${pid}, started anew ${restart_time} times`;
