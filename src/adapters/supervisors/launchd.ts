import { join } from 'node:path';
import { coerceError, OpsError } from '../../errors.ts';
import type { ServiceFact, Standing } from '../../planning/facts.ts';
import type { RefOf } from '../../planning/service.ts';
import type { Supervisor } from '../../services/host.ts';
import type { Clock } from '../../services/ports.ts';
import { insist, launchctl, type Outcome } from '../launchctl.ts';
import type { ServiceState } from '../launchctl-print.ts';
import { removeRootFile, writeRootFile } from '../privilege.ts';
import { definitionAt } from './definition-file.ts';

type Ref = RefOf<'launchd'>;

/** The longest ExitTimeOut that a daemon should have, and launchd's own time. */
const LEAVE_MS = 45_000 + 10_000;
const POLL_MS = 200;

export interface LaunchdPorts {
  clock: Clock;
  /** Where LaunchDaemons are defined. */
  launchDaemons: string;
  /** A folder of the daemon's, for files on their way to root. */
  folder: string;
}

/** launchd's system domain. A service that it does not hold, but whose plist is in its folder, is stopped. */
export function launchdSupervisor({ clock, launchDaemons, folder }: LaunchdPorts): Supervisor<Ref> {
  const plistOf = ({ label }: Ref) => join(launchDaemons, `${label}.plist`);
  const takeOut = async (ref: Ref, signal: AbortSignal) => {
    if ((await seen(ref)).state === 'absent') return;
    taken(await launchctl.bootout(ref.label), 'take it out', ref, plistOf(ref));
    await untilGone(ref, clock, signal);
  };
  const bring = async (ref: Ref, { state, enabled }: Standing, signal: AbortSignal) => {
    if (state === 'stopped') await takeOut(ref, signal);
    else await takeIn(ref, state, plistOf(ref));
    await enable(ref, enabled, plistOf(ref));
  };
  return {
    look: (ref) => look(ref, plistOf(ref)),
    definitionOf: async (ref) => (await definitionAt(plistOf(ref))).text,
    install: async (ref, definition, standing, { signal }) => {
      await takeOut(ref, signal);
      await writeRootFile(plistOf(ref), definition, folder);
      await bring(ref, standing, signal);
    },
    bring: (ref, standing, { signal }) => bring(ref, standing, signal),
    restart: async (ref, { signal }) => {
      if ((await seen(ref)).state === 'absent')
        return bring(ref, { state: 'running', enabled: await isEnabled(ref) }, signal);
      taken(await launchctl.kickstart(ref.label, { kill: true }), 'restart it', ref, plistOf(ref));
    },
    remove: async (ref, { signal }) => {
      await takeOut(ref, signal);
      await removeRootFile(plistOf(ref));
    },
  };
}

async function look(ref: Ref, plist: string): Promise<ServiceFact> {
  try {
    const { text, digest: definition } = await definitionAt(plist);
    const service = await seen(ref);
    if (service.state === 'absent' && text === null) return { state: 'absent' };
    return { ...standingOf(service), enabled: await isEnabled(ref), definition };
  } catch (error) {
    return { state: 'unknown', says: coerceError(error).message };
  }
}

type Seen = Exclude<ServiceState, { state: 'unknown' }>;

/** @throws OpsError where launchd's answer cannot be understood: then nothing is changed. */
async function seen({ label }: Ref): Promise<Seen> {
  const service = await launchctl.print(label);
  if (service.state === 'unknown') throw new OpsError(`launchctl print system/${label} said: ${service.why}`);
  return service;
}

/** @throws OpsError where launchd's answer cannot be understood. */
async function isEnabled({ label }: Ref): Promise<boolean> {
  const mark = await launchctl.enabled(label);
  if (mark === 'unknown') throw new OpsError('launchctl print-disabled system said what cannot be understood');
  return mark === 'enabled';
}

/** @throws OpsError for what is under way: nobody knows what becomes of it. */
function standingOf(service: Seen) {
  if (service.state === 'absent') {
    const blocked = 'taken out, or blocked by Background Task Management (see: sudo sfltool dumpbtm)';
    return { state: 'stopped', run: '', says: `launchd does not hold it: ${blocked}` } as const;
  }
  const says = saysOf(service);
  if (service.state === 'running') return { state: 'running', run: `${service.pid} of ${service.runs}`, says } as const;
  if (service.pid === null && WAITING.has(service.state)) return { state: 'waiting', run: '', says } as const;
  throw new OpsError(`it is under way: ${says}`);
}

const WAITING: ReadonlySet<Seen['state']> = new Set(['not running', 'spawn scheduled', 'exited']);

function saysOf({ state, pid, runs, lastExit }: Exclude<Seen, { state: 'absent' }>): string {
  const last = typeof lastExit === 'string' ? lastExit : 'code' in lastExit ? `code ${lastExit.code}` : lastExit.signal;
  return `${state}, ${pid === null ? '' : `pid ${pid}, `}${runs ?? '?'} runs, last exit: ${last}`;
}

/** What is disabled launchd does not take in, so it is enabled first, whatever it shall be later. */
async function takeIn(ref: Ref, state: 'running' | 'waiting', plist: string): Promise<void> {
  const isNew = (await seen(ref)).state === 'absent';
  if (isNew) {
    await enable(ref, true, plist);
    taken(await launchctl.bootstrap(plist), 'take it in', ref, plist);
  }
  const service = await seen(ref);
  const hasProcess = service.state !== 'absent' && service.pid !== null;
  if (state === 'running' && !hasProcess)
    taken(await launchctl.kickstart(ref.label, { kill: false }), 'start it', ref, plist);
  if (state === 'waiting' && hasProcess && !isNew)
    taken(await launchctl.signal(ref.label, 'SIGTERM'), 'end it', ref, plist);
}

async function enable(ref: Ref, enabled: boolean, plist: string): Promise<void> {
  if ((await isEnabled(ref)) === enabled) return;
  const verb = enabled ? 'enable' : 'disable';
  taken(await launchctl[verb](ref.label), `${verb} it`, ref, plist);
}

function taken(outcome: Outcome, what: string, { label }: Ref, plist: string): void {
  insist(outcome, `${what} (${label})`, { label, plist, root: `the program of ${plist}` });
}

/** A bootout is over when launchd says that it knows no such service: until then it takes nothing in under that name. */
async function untilGone(ref: Ref, clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.monotonic() + LEAVE_MS;
  while ((await seen(ref)).state !== 'absent') {
    if (signal.aborted || clock.monotonic() >= until)
      throw new OpsError(`${ref.label} has not ended yet: look with "launchctl print system/${ref.label}"`);
    await clock.wait(POLL_MS, signal);
  }
}
