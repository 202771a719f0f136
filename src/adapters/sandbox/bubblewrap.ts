import { statSync } from 'node:fs';
import type { Rule } from '../../planning/bounds.ts';
import type { Sandbox } from './sandbox.ts';

/** What work with files needs of root's rights; other users have none of them anyway. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'];
/** No device but the harmless ones, and no setting of the kernel. */
const SYSTEM = ['--ro-bind', '/sys', '/sys', '--dev', '/dev'];
/** Settings of the kernel are in it, too: `/proc/sys/kernel/core_pattern` would run programs outside. */
const OWN_PROCESSES = ['--proc', '/proc', '--remount-ro', '/proc', '--unshare-pid', '--unshare-ipc'];
/** The file from which it reads its filter. */
const FILTER = 3;

/**
 * Namespaces of Linux. There is no `--die-with-parent` in it: a TERM to the command's group would be a KILL for what it
 * runs. `filter` refuses sockets that know no namespaces.
 */
export function bubblewrap(program: string, filter: Buffer, asRoot: boolean): Sandbox {
  const kept = asRoot ? CAPABILITIES : [];
  const capabilities = ['--cap-drop', 'ALL', ...kept.flatMap((name) => ['--cap-add', `CAP_${name}`])];
  return {
    name: 'bubblewrap',
    confine: ({ rules, network, outlives }, cwd) => {
      const [whole = [], ...parts] = rules.map(mountOf);
      const emptied = rules.filter(isEmptied).flatMap(({ path }) => ['--remount-ro', path]);
      const processes = outlives ? ['--ro-bind', '/proc', '/proc'] : OWN_PROCESSES;
      const offline = network ? [] : ['--unshare-net', '--seccomp', String(FILTER)];
      const mounts = [...whole, ...SYSTEM, ...processes, ...parts.flat(), ...emptied];
      return {
        prefix: [program, ...mounts, ...offline, ...capabilities, '--chdir', cwd, '--'],
        filter: network ? null : filter.toString('base64'),
      };
    },
  };
}

function mountOf(rule: Rule): string[] {
  const { path, access } = rule;
  if (access === 'none') return isEmptied(rule) ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
  return [access === 'read' ? '--ro-bind' : '--bind', path, path];
}

/** A folder is hidden by an empty one, a file by a device that cannot be opened there. */
function isEmptied({ path, access }: Rule): boolean {
  return access === 'none' && statSync(path).isDirectory();
}
