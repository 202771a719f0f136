import { existsSync, readFileSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { insist, launchctl, type Outcome } from '../adapters/launchctl.ts';
import type { ServiceState } from '../adapters/launchctl-print.ts';
import { coerceError, OpsError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { linkTarget, swapLink } from './files.ts';
import { refuseUnfit } from './install.ts';
import { LABEL, type Layout } from './layout.ts';
import { nodeStage } from './node.ts';
import { programStage, refuseUnbuilt } from './program.ts';
import { waitReady } from './ready.ts';
import { isStopped, namesOf, renderPlist, serviceStage } from './services.ts';
import { runStages, type Say } from './stage.ts';

/** A version with the plist that it runs under. */
export interface Release {
  version: string;
  plist: string;
}

/** Installs this version beside the one that runs, and changes over. What does not come up is taken back. @throws OpsError */
export async function upgrade(layout: Layout, say: Say): Promise<void> {
  await refuseUnfit(layout, 'upgrade');
  refuseUnbuilt();
  const before = await installedRelease(layout);
  const { version } = before;
  if (version === VERSION) return say(`${VERSION} is installed already: nothing to do`);
  await rm(layout.nodeBefore, { force: true });
  await runStages([programStage(layout), nodeStage(layout)], say);
  try {
    await goOver(layout, { version: VERSION, plist: renderPlist('ops', layout) }, say);
  } catch (error) {
    say(coerceError(error).message);
    await goBack(layout, before, VERSION, say);
    throw new OpsError(`${VERSION} did not come up and was taken back; ${version} runs again`, { cause: error });
  }
  await removeOthers(layout, [VERSION, version], say);
}

/** What runs, or would if it were started. @throws OpsError where that cannot be upgraded. */
export async function installedRelease({ root, current, plist }: Layout): Promise<Release> {
  const version = await linkTarget(current);
  if (version === null) throw new OpsError(`nothing is installed in ${root}: type "sudo ops install"`);
  if (existsSync(plist.ops)) return { version, plist: readFileSync(plist.ops, 'utf8') };
  throw new OpsError(`${plist.ops} is missing: mend ${version} first, by "sudo ops install"`);
}

async function goOver(layout: Layout, release: Release, say: Say): Promise<void> {
  await swapLink(layout.current, release.version);
  const seen = await launchctl.print(LABEL.ops);
  const isNew = await changePlist(layout, release);
  if (isNew) say(`done       ${LABEL.ops} taken out and in, with a new plist`);
  else if (isStopped(seen)) return say(`stopped    sudo launchctl start ${LABEL.ops} starts ${release.version}`);
  else insist(await restart(seen), `restart ${LABEL.ops}`, namesOf('ops', layout));
  const { state, reason, pid } = await waitReady(layout, release.version, isNew ? 0 : runsOf(seen));
  if (state === 'safe-mode') throw new OpsError(`${release.version} takes no tasks: ${reason}`);
  say(`ready      ${LABEL.ops} ${release.version}, pid ${pid}`);
}

/** In order where it runs: running tasks get their time, and its exit code asks launchd for a new start. */
function restart(seen: ServiceState): Promise<Outcome> {
  const runs = 'pid' in seen && seen.pid !== null;
  return runs ? launchctl.signal(LABEL.ops, 'SIGUSR2') : launchctl.kickstart(LABEL.ops, { kill: false });
}

/**
 * Has the release before run again in the place of `failed`, which is known not to work and gets no time.
 * @throws OpsError where that does not take tasks either.
 */
export async function goBack(layout: Layout, release: Release, failed: string, say: Say): Promise<void> {
  const { node, nodeBefore, current } = layout;
  await swapLink(current, release.version);
  if (existsSync(nodeBefore)) await rename(nodeBefore, node);
  const seen = await launchctl.print(LABEL.ops);
  const isNew = await changePlist(layout, release);
  if (!isNew)
    insist(await launchctl.kickstart(LABEL.ops, { kill: true }), `restart ${LABEL.ops}`, namesOf('ops', layout));
  const { state, reason, pid } = await waitReady(layout, release.version, isNew ? 0 : runsOf(seen));
  // Mended, it may come again under its name.
  await rm(join(layout.app, failed), { recursive: true, force: true });
  if (state === 'safe-mode')
    throw new OpsError(
      `${failed} did not come up, and ${release.version}, which is there again, takes no tasks: ${reason}`,
    );
  say(`ready      ${LABEL.ops} ${release.version} again, pid ${pid}`);
}

const runsOf = (seen: ServiceState): number => ('runs' in seen ? (seen.runs ?? 0) : 0);

/** launchd reads a plist only when the service comes in. Returns whether it was another one. */
async function changePlist(layout: Layout, { plist }: Release): Promise<boolean> {
  const service = serviceStage('ops', layout, plist);
  if (await service.isDone()) return false;
  await service.make();
  return true;
}

async function removeOthers({ app }: Layout, kept: readonly string[], say: Say): Promise<void> {
  for (const name of await readdir(app)) {
    if (name === 'current' || kept.includes(name)) continue;
    await rm(join(app, name), { recursive: true });
    say(`done       ${join(app, name)} removed`);
  }
}
