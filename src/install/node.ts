import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { chmod, copyFile, link, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { execa } from 'execa';
import { OpsError } from '../errors.ts';
import { hasAccess, PUBLIC_FILE } from './files.ts';
import type { Layout } from './layout.ts';
import type { Stage } from './stage.ts';

const OLDEST = 24;
const PROGRAM = { ...PUBLIC_FILE, mode: 0o755 };

/** @throws OpsError where this Node cannot run the daemon. */
export function refuseOldNode(): void {
  if (Number.parseInt(process.versions.node, 10) >= OLDEST) return;
  throw new OpsError(
    `this is Node ${process.versions.node}; Ops needs ${OLDEST} or newer: use the checkout's own, node_modules/.bin/node`,
  );
}

/** A copy of the Node that runs this, at a path of its own. The one before stays for going back. */
export function nodeStage({ node, nodeBefore }: Layout): Stage {
  return {
    what: `Node ${process.versions.node} in ${node}`,
    isDone: async () =>
      hasAccess(node, PROGRAM) && (await digestOfFile(node)) === (await digestOfFile(process.execPath)),
    async make() {
      const next = `${node}.next`;
      await copyFile(process.execPath, next, constants.COPYFILE_FICLONE);
      await chmod(next, 0o755);
      await refuseBroken(next);
      await rm(nodeBefore, { force: true });
      if (existsSync(node)) await link(node, nodeBefore);
      await rename(next, node);
    },
  };
}

/** A Node of Homebrew needs libraries that are not copied with it. */
async function refuseBroken(node: string): Promise<void> {
  const { failed, stdout, shortMessage } = await execa(node, ['--version'], { reject: false, timeout: 20_000 });
  if (!failed && stdout === process.version) return;
  await rm(node);
  throw new OpsError(
    `a copy of ${process.execPath} does not run (${shortMessage || stdout}): use the checkout's own, node_modules/.bin/node`,
  );
}

export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
