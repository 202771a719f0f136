import { type Config, loadConfig } from '../config.ts';
import { dropInFor } from './drop-in.ts';
import { type Layout, USER } from './layout.ts';
import { RUNNER } from './runner.ts';

/** What no program may decide: the exact commands, for the operator. */
export function forPeople(layout: Layout, { secondUser }: { secondUser?: true }): string {
  const config = loadConfig(layout.home.root);
  const isUnused = secondUser === true && config.runAs !== RUNNER;
  const parts = [usual(layout), config.runAs === null ? aboutSecondUser(layout, isUnused) : '', aboutSudo(config)];
  return parts.filter((part) => part !== '').join('\n');
}

/** It is made, but not in the settings: those that are there are an operator's. */
const aboutSecondUser = ({ home, command }: Layout, isUnused: boolean): string =>
  isUnused
    ? `  commands as another user  add run_as: ${RUNNER} to ${home.etc.ops}, then look through: sudo ${command} sudoers`
    : `  commands as another user  sudo ${command} install --second-user makes ${RUNNER}, and says the rest
                            (until then they run as the daemon's own user, in the sandbox)`;

function aboutSudo(config: Config): string {
  const dropIn = dropInFor(config, USER);
  const lack = config.runAs === null ? 'does no work as root' : 'takes no tasks';
  return dropIn === null ? '' : `\nWhat sudo must allow the daemon, until which it ${lack}:\n\n${dropIn}`;
}

function usual({ home, command }: Layout): string {
  return `
Left for you:
  whose signatures count    add Manager's, PlanReview's and Security's PUBLIC keys to ${home.etc.keyring}
                            (their private keys never come to this host; look with: sudo ${command} keys list)
  what may run here         ${home.etc.policy}: an empty list allows nothing
  how Manager reaches it    with a user of its own of Redis: sudo ${command} redis acl --passwords <a folder for them>
                            (its lines go into ${home.var.redis}/users.acl, or into the aclfile of a Redis of yours)
  no sleep, back after a power cut
                            sudo pmset -a sleep 0 disksleep 0 powernap 0 womp 1 autorestart 1
  FileVault                 fdesetup status   (on: after a boot nothing runs until somebody unlocks the disk)
  firewall                  /usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate
  what it says              sudo ${command} status`;
}
