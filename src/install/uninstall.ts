import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { OpsError } from '../errors.ts';
import { isOurs } from './command.ts';
import { refuseUnfit } from './install.ts';
import { type Layout, USER } from './layout.ts';
import { isProgram } from './program.ts';
import { isOwnUrl } from './redis.ts';
import { RUNNER } from './runner.ts';
import { removalStage } from './services.ts';
import { runStages, type Say, type Stage } from './stage.ts';
import { DROP_IN } from './sudoers.ts';

/** Takes Ops out of launchd and removes the program. The settings and the ledger stay, and are named. */
export async function uninstall(layout: Layout, say: Say): Promise<void> {
  await refuseUnfit(layout, 'uninstall');
  refuseOthers(layout);
  const { app, node, nodeBefore } = layout;
  await runStages(
    [
      removalStage('ops', layout),
      removalStage('redis', layout),
      ...((await isOwnUrl(layout)) ? [withoutFile(layout.home.etc.redisUrl)] : []),
      // The program is the proof that the rest is ours.
      ...[node, nodeBefore, app].map(withoutFile),
      withoutCommand(layout),
    ],
    say,
  );
  say(kept(layout));
}

/** Where `--home` was mistyped. @throws OpsError */
function refuseOthers({ root, app, node, nodeBefore, current, plist }: Layout): void {
  const found = [app, node, nodeBefore].filter((path) => existsSync(path));
  if (found.length === 0 || existsSync(plist.ops) || isProgram(current)) return;
  throw new OpsError(
    `no Ops is installed in ${root}, but there is ${found.join(', ')}: look what that is, and remove it yourself`,
  );
}

function withoutFile(path: string): Stage {
  return {
    what: `${path} removed`,
    isDone: () => !existsSync(path),
    make: () => rm(path, { recursive: true }),
  };
}

/** Another program's `ops` is left alone. */
function withoutCommand(layout: Layout): Stage {
  return { ...withoutFile(layout.command), isDone: async () => !(await isOurs(layout)) };
}

function kept({ root, home }: Layout): string {
  const hasRunner = existsSync(home.runner.dir);
  const { upgrades } = home.installed;
  return `
Kept, because it cannot be had again:
  the settings and keys      sudo rm -rf ${home.etc.dir}
  the ledger and the logs    sudo rm -rf ${home.var.dir}
${hasRunner ? `  what commands have at home sudo rm -rf ${home.runner.dir}\n` : ''}${existsSync(upgrades) ? `  what came of upgrades      sudo rm -rf ${upgrades}\n` : ''}  the folder itself          sudo rmdir ${root}
${[USER, ...(hasRunner ? [RUNNER] : [])].map(accountLine).join('\n')}${existsSync(DROP_IN) ? DROP_IN_LEFT : ''}`;
}

const accountLine = (name: string): string =>
  `  the account                sudo dscl . -delete /Users/${name}; sudo dscl . -delete /Groups/${name}`;

const DROP_IN_LEFT = `

Not ours to remove, and it still gives that account rights: sudo rm ${DROP_IN}`;
