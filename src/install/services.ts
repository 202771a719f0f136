import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { build, type PlistValue, parse } from 'plist';
import { systemClock } from '../adapters/clock.ts';
import { insist, launchctl } from '../adapters/launchctl.ts';
import type { ServiceState } from '../adapters/launchctl-print.ts';
import { OpsError } from '../errors.ts';
import { PUBLIC_FILE, programFile } from './files.ts';
import { DEFAULT_ROOT, LABEL, type Layout, type ServiceName } from './layout.ts';
import { template } from './program.ts';
import type { Stage } from './stage.ts';

/** The redis-server that the template names. */
const DEFAULT_REDIS = '/opt/homebrew/bin/redis-server';
/** The longest ExitTimeOut of our plists, and launchd's own time. */
const LEAVE_MS = 45_000 + 10_000;
const POLL_MS = 200;

/** The plist of `launchd/` for this place. */
export function renderPlist(service: ServiceName, { root }: Layout, redisServer = DEFAULT_REDIS): string {
  const moved = (_: string, value: unknown) =>
    typeof value === 'string' ? movedPath(movedPath(value, DEFAULT_ROOT, root), DEFAULT_REDIS, redisServer) : value;
  const plist = JSON.stringify(parse(template(LABEL[service])));
  return `${build(JSON.parse(plist, moved) as PlistValue, { indent: '\t' })}\n`;
}

const movedPath = (text: string, from: string, to: string): string =>
  text === from || text.startsWith(`${from}/`) ? to + text.slice(from.length) : text;

/** launchd knows one Ops: that of another place is not this one's to stop. @throws OpsError that names the place. */
export function refuseOtherPlace({ plist, root }: Layout, verb: string): void {
  const other = existsSync(plist.ops) ? rootIn(readFileSync(plist.ops, 'utf8')) : root;
  if (other === undefined || other === root) return;
  throw new OpsError(`Ops is installed in ${other}, not in ${root}: type sudo ops --home ${other} ${verb}`);
}

/** Undefined where the plist is none of ours. */
function rootIn(plist: string): string | undefined {
  try {
    const { ProgramArguments: argv = [] } = parse(plist) as { ProgramArguments?: string[] };
    return argv[argv.lastIndexOf('--home') + 1];
  } catch {
    return undefined;
  }
}

/** The plist on disk, and the service in launchd with it. A new plist means out and in again. */
export function serviceStage(service: ServiceName, layout: Layout, plist: string): Stage {
  const label = LABEL[service];
  const file = programFile(layout.plist[service], PUBLIC_FILE, plist);
  return {
    what: `${label} in launchd, from ${layout.plist[service]}`,
    isDone: async () => (await file.isDone()) && (await isLoaded(label)),
    async make() {
      if (await isLoaded(label)) await takeOut(service, layout);
      await file.make();
      await takeIn(service, layout);
    },
  };
}

/** It ended because it was told to, and nothing starts it but a person or a boot. */
export const isStopped = (seen: ServiceState): boolean =>
  seen.state === 'not running' &&
  typeof seen.lastExit === 'object' &&
  'code' in seen.lastExit &&
  seen.lastExit.code === 0;

/** @throws OpsError where launchd's answer cannot be understood: then nothing is changed. */
async function isLoaded(label: string): Promise<boolean> {
  const seen = await launchctl.print(label);
  if (seen.state === 'unknown') throw new OpsError(`the state of ${label} is unknown: launchctl said "${seen.why}"`);
  return seen.state !== 'absent';
}

/** Has it start again with the next `serviceStage`, unless a person has stopped it. */
export async function takeOutRunning(service: ServiceName, layout: Layout): Promise<void> {
  if ((await isLoaded(LABEL[service])) && !isStopped(await launchctl.print(LABEL[service])))
    await takeOut(service, layout);
}

/** Waits until it is really gone: launchd takes nothing in under a name whose process still ends. */
async function takeOut(service: ServiceName, layout: Layout): Promise<void> {
  const label = LABEL[service];
  insist(await launchctl.bootout(label), `take ${label} out`, namesOf(service, layout));
  const patience = AbortSignal.timeout(LEAVE_MS);
  while (await isLoaded(label)) {
    if (patience.aborted)
      throw new OpsError(`${label} has not ended in ${LEAVE_MS / 1000} s: look with "launchctl print system/${label}"`);
    await systemClock.wait(POLL_MS);
  }
}

async function takeIn(service: ServiceName, layout: Layout): Promise<void> {
  const label = LABEL[service];
  const names = namesOf(service, layout);
  if ((await launchctl.enabled(label)) === 'disabled') insist(await launchctl.enable(label), `enable ${label}`, names);
  insist(await launchctl.bootstrap(layout.plist[service]), `take ${label} in`, names);
}

/** Takes it out of launchd and removes its plist. */
export function removalStage(service: ServiceName, layout: Layout): Stage {
  const path = layout.plist[service];
  return {
    what: `${LABEL[service]} out of launchd, ${path} removed`,
    isDone: async () => !existsSync(path) && !(await isLoaded(LABEL[service])),
    async make() {
      if (await isLoaded(LABEL[service])) await takeOut(service, layout);
      await rm(path, { force: true });
    },
  };
}

export const namesOf = (service: ServiceName, { plist, root }: Layout) => ({
  label: LABEL[service],
  plist: plist[service],
  root,
});
