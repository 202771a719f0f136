import { join } from 'node:path';
import { execa } from 'execa';
import { coerceError, OpsError } from '../../errors.ts';
import type { ServiceFact } from '../../planning/facts.ts';
import type { RefOf } from '../../planning/service.ts';
import type { Supervisor } from '../../services/host.ts';
import { asRoot, explained, removeRootFile, writeRootFile } from '../privilege.ts';
import { definitionAt } from './definition-file.ts';

type Ref = RefOf<'systemd'>;

/** A stop waits for the service to end: 90 s is systemd's own patience. */
const ORDER_MS = 100_000;
const LOOK_MS = 10_000;
const PROPERTIES = 'LoadState,ActiveState,SubState,MainPID,InvocationID,UnitFileState';

export interface SystemdPorts {
  /** Where units of this host lie; others are systemd's or a package's. */
  units: string;
  /** A folder of the daemon's, for files on their way to root. */
  folder: string;
}

const bring: Supervisor<Ref>['bring'] = async ({ unit }, { state, enabled }) => {
  await insistOn(enabled ? 'enable' : 'disable', unit);
  await insistOn(state === 'stopped' ? 'stop' : 'start', unit);
};

/** systemd's own manager, by systemctl. */
export function systemdSupervisor({ units, folder }: SystemdPorts): Supervisor<Ref> {
  const fileOf = ({ unit }: Ref) => join(units, unit);
  return {
    look: async (ref) => {
      try {
        return factOf(await show(ref), (await definitionAt(fileOf(ref))).digest);
      } catch (error) {
        return { state: 'unknown', says: coerceError(error).message };
      }
    },
    definitionOf: async (ref) => (await definitionAt(fileOf(ref))).text,
    install: async (ref, definition, standing, context) => {
      await writeRootFile(fileOf(ref), definition, folder);
      await insistOn('daemon-reload');
      if (standing.state === 'running') await insistOn('restart', ref.unit);
      await bring(ref, standing, context);
    },
    bring,
    restart: ({ unit }) => insistOn('restart', unit),
    remove: async (ref) => {
      await insistOn('disable', '--now', ref.unit);
      await removeRootFile(fileOf(ref));
      await insistOn('daemon-reload');
    },
  };
}

/** How systemd's words are understood; what is under way is not known. */
const STATES: Readonly<Record<string, 'running' | 'stopped'>> = {
  active: 'running',
  inactive: 'stopped',
  failed: 'stopped',
};

function factOf(properties: Readonly<Record<string, string>>, definition: string): ServiceFact {
  const { LoadState, ActiveState = '', SubState, MainPID, InvocationID, UnitFileState = '' } = properties;
  if (LoadState === 'not-found' && definition === '') return { state: 'absent' };
  const says = `${LoadState ?? 'nothing'}, ${ActiveState} (${SubState}), pid ${MainPID}`;
  const state = STATES[ActiveState];
  if (LoadState !== 'loaded' || state === undefined) return { state: 'unknown', says };
  const run = state === 'running' ? (InvocationID ?? '') : '';
  return { state, enabled: UnitFileState.startsWith('enabled'), definition, run, says };
}

async function show({ unit }: Ref): Promise<Record<string, string>> {
  const stdout = await systemctl(['systemctl'], ['show', '-p', PROPERTIES, unit], LOOK_MS);
  return Object.fromEntries(stdout.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line)?.slice(1) ?? ['', '']));
}

const insistOn = async (...args: string[]): Promise<void> =>
  void (await systemctl(asRoot(['systemctl', '--no-ask-password', ...args]), [], ORDER_MS));

/** What its exit codes mean, by systemctl(1) and LSB. */
const MEANINGS: Readonly<Record<number, string>> = {
  3: 'it does not run',
  4: 'not allowed, or there is no such unit',
  5: 'there is no such unit',
};

/** @throws OpsError with what it said. */
async function systemctl(
  [program, ...first]: readonly [string, ...string[]],
  args: readonly string[],
  timeout: number,
): Promise<string> {
  const all = [...first, ...args];
  const options = { reject: false, stdin: 'ignore', timeout } as const;
  const { exitCode, stdout, stderr, code } = await execa(program, all, options);
  if (exitCode === 0) return stdout;
  if (code === 'ENOENT') throw new OpsError(`there is no ${program} on the daemon's PATH: this host has no systemd`);
  if (exitCode === undefined) throw new OpsError(`systemctl gave no answer in ${timeout / 1000} s`);
  const meaning = MEANINGS[exitCode] ? `, ${MEANINGS[exitCode]}` : '';
  throw new OpsError(
    `systemctl ${args[0] ?? all.at(-2)}: exit code ${exitCode}${meaning}: ${explained(stderr.trim())}`,
  );
}
