import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { plantArchive } from '../adapters/trees/archive.ts';
import { Planting } from '../adapters/trees/planting.ts';
import { noteUpgrade, type UpgradeEnd } from '../adapters/upgrade-record.ts';
import { coerceError, OpsError } from '../errors.ts';
import { visible } from '../visible.ts';
import { linkTarget } from './files.ts';
import { refuseUnfit } from './install.ts';
import type { Layout } from './layout.ts';
import type { Say } from './stage.ts';
import { goBack, installedRelease, type Release } from './upgrade.ts';
import { orderIn, type UpgradeOrder } from './upgrade-order.ts';

const UNPACK_MS = 5 * 60_000;
/** More than a stop in order, two starts and a step back take. */
const UPGRADE_MS = 10 * 60_000;
/** Of what was said, for the report. */
const LAST_LINES = 5;

/**
 * What the daemon has root do: the upgrade that a signed task asks for, once. The new version's own `ops upgrade` does
 * it, from a folder of root's. The record, for which the daemon waits, is written last.
 * @throws OpsError where nothing was begun, or the new version does not run.
 */
export async function upgradeByTask(layout: Layout, path: string, say: Say): Promise<void> {
  await refuseUnfit(layout, 'upgrade');
  const order = await orderIn(path, layout.home);
  const before = await installedRelease(layout);
  const { upgrades } = layout.home.installed;
  const conclude = await noteUpgrade(upgrades, order.digest, { ...order, from: before.version });
  const end = await perform(layout, order, before).catch(unclear);
  await conclude(end);
  if (end.outcome !== 'upgraded') throw new OpsError(end.message);
  say(end.message);
}

const unclear = (error: unknown): UpgradeEnd => ({ outcome: 'unclear', message: coerceError(error).message });

async function perform(layout: Layout, order: UpgradeOrder, before: Release): Promise<UpgradeEnd> {
  const folder = join(layout.home.installed.upgrades, 'unpacked');
  try {
    const problem = await unpack(folder, order, layout).then(() => null, coerceError);
    if (problem) return { outcome: 'as-before', message: problem.message };
    const { exitCode, said } = await runNew(folder, layout);
    if (exitCode === 0) return { outcome: 'upgraded', message: said };
    // It was not let end: nobody has taken back what it had done.
    if (exitCode === undefined) await goBack(layout, before, order.version, () => undefined);
    const isBack = (await linkTarget(layout.current)) === before.version;
    return { outcome: isBack ? 'as-before' : 'unclear', message: said };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Where only root can change it. @throws OpsError where the artifact is not as it was signed. */
async function unpack(folder: string, { artifact, version }: UpgradeOrder, { home }: Layout): Promise<void> {
  const signal = AbortSignal.timeout(UNPACK_MS);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { mode: 0o755 });
  const planting = new Planting({ folder, like: null, signal });
  await plantArchive({ folder: home.installed.artifacts, sha256: artifact.replace('sha256:', '') }, planting, signal);
  const found = versionIn(folder);
  if (found !== version) throw new OpsError(`the artifact is of ${found}, and the task says ${version}`);
  await refuseForeign(join(folder, 'node'));
}

/** @throws OpsError where it was made for another system. */
async function refuseForeign(node: string): Promise<void> {
  const { failed, shortMessage } = await execa(node, ['--version'], {
    reject: false,
    stdin: 'ignore',
    timeout: 20_000,
  });
  if (failed)
    throw new OpsError(`its Node does not run here (${shortMessage}): make the artifact on a machine of this kind`);
}

function versionIn(folder: string): string {
  try {
    return String(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
  } catch {
    throw new OpsError('the artifact is none that "npm run artifact" makes: it has no package.json');
  }
}

/** Undefined as its exit code: it was ended, or could not begin. */
async function runNew(folder: string, layout: Layout): Promise<{ exitCode: number | undefined; said: string }> {
  // One that is left of an earlier upgrade would be gone back to.
  await rm(layout.nodeBefore, { force: true });
  const argv = [join(folder, 'dist/src/cli/main.js'), '--home', layout.root, 'upgrade'];
  const { exitCode, all, shortMessage } = await execa(join(folder, 'node'), argv, {
    reject: false,
    all: true,
    stdin: 'ignore',
    cwd: '/',
    timeout: UPGRADE_MS,
  });
  const lines = exitCode === undefined ? [...all.split('\n'), shortMessage] : all.split('\n');
  return { exitCode, said: visible(lines.slice(-LAST_LINES).join('\n').trim()) };
}
