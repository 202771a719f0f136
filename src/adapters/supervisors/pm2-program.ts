import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { z } from 'zod';
import { OpsError } from '../../errors.ts';

/** It waits for a process that it ends: as long as the app's kill_timeout, which is a minute at most. */
const TIMEOUT_MS = 90_000;

const Process = z.object({
  name: z.string(),
  pm_id: z.int(),
  pid: z.int(),
  pm2_env: z.object({ status: z.string(), restart_time: z.int(), pm_uptime: z.number().optional() }),
});
export type Pm2Process = z.infer<typeof Process>;

export interface Pm2Program {
  /** All that it keeps. It is not asked where it does not run: that would start it. */
  list(): Promise<Pm2Process[]>;
  order(verb: 'start' | 'restart' | 'stop' | 'delete', ...names: string[]): Promise<unknown>;
}

/** What pm2 starts has the rights of the daemon, which commands of tasks shall not have here. */
export function pm2Refused(runAs: string): Pm2Program {
  const refuse = async () => {
    throw new OpsError(`commands run as ${runAs} here (run_as), and pm2's apps would run as the daemon itself`);
  };
  return { list: refuse, order: refuse };
}

/** @throws OpsError from both where pm2 cannot be asked, refuses, or says what cannot be understood. */
export function pm2Program(env: Readonly<Record<string, string>>): Pm2Program {
  const home = env['PM2_HOME'] ?? join(env['HOME'] ?? '/', '.pm2');
  return {
    list: async () => ((await isUp(home)) ? parseList(await ask(env, 'jlist')) : []),
    order: (verb, ...names) => ask(env, verb, ...names, '--silent'),
  };
}

async function isUp(home: string): Promise<boolean> {
  const pid = Number(await readFile(join(home, 'pm2.pid'), 'utf8').catch(() => '')) || null;
  try {
    return pid !== null && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function ask(env: Readonly<Record<string, string>>, ...args: string[]): Promise<string> {
  const options = { env, extendEnv: false, reject: false, stdin: 'ignore', timeout: TIMEOUT_MS } as const;
  const { exitCode, stdout, stderr, code } = await execa('pm2', args, options);
  if (exitCode === 0) return stdout;
  if (code === 'ENOENT') throw new OpsError(`there is no pm2 on the daemon's PATH: ${env['PATH'] ?? 'it is empty'}`);
  const said = stripVTControlCharacters(`${stderr}\n${stdout}`).trim().split('\n')[0];
  throw new OpsError(`pm2 ${args[0]}: ${said || `gave no answer in ${TIMEOUT_MS / 1000} s`}`);
}

/** The list is the last line that can be one: pm2 may say before it that it was started, or is out of date. */
export function parseList(text: string): Pm2Process[] {
  for (const line of text.split('\n').toReversed()) {
    const parsed = z.array(Process).safeParse(jsonIn(line));
    if (parsed.success) return parsed.data;
  }
  // Not quoted: it has the variables of every app.
  throw new OpsError('pm2 jlist said what cannot be understood');
}

function jsonIn(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
