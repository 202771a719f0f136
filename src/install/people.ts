import type { Layout } from './layout.ts';

/** What no program may decide: the exact commands, for the operator. */
export function forPeople({ home, command }: Layout): string {
  return `
Left for you:
  whose signatures count    add Manager's, PlanReview's and Security's PUBLIC keys to ${home.etc.keyring}
                            (their private keys never come to this host; look with: sudo ${command} keys list)
  what may run here         ${home.etc.policy}: an empty list allows nothing
  how Manager reaches it    with a user of its own of Redis: sudo ${command} redis acl --passwords <a folder for them>
                            (its lines go into ${home.var.redis}/users.acl, or into the aclfile of a Redis of yours)
  commands as another user  run_as: <user> in ${home.etc.ops}, then look through: sudo ${command} sudoers
                            (until then they run as the daemon's own user)
  no sleep, back after a power cut
                            sudo pmset -a sleep 0 disksleep 0 powernap 0 womp 1 autorestart 1
  FileVault                 fdesetup status   (on: after a boot nothing runs until somebody unlocks the disk)
  firewall                  /usr/libexec/ApplicationFirewall/socketfilterfw --getglobalstate
  what it says              sudo ${command} status`;
}
