import { statSync } from 'node:fs';
import type { Rule } from '../../planning/bounds.ts';
import type { Sandbox } from './sandbox.ts';

/** What work with files needs of root's rights; other users have none of them anyway. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID'];
/** No device but the harmless ones, and no setting of the kernel. */
const SYSTEM = ['--ro-bind', '/sys', '/sys', '--dev', '/dev'];
/** Where the local servers of a host listen. */
const SOCKETS = '/run';

/**
 * Namespaces of Linux. There is no `--die-with-parent` in it: a TERM to the command's group would be a KILL for what it
 * runs.
 */
export function bubblewrap(program: string, asRoot: boolean): Sandbox {
  const kept = asRoot ? CAPABILITIES : [];
  const capabilities = ['--cap-drop', 'ALL', ...kept.flatMap((name) => ['--cap-add', `CAP_${name}`])];
  return {
    name: 'bubblewrap',
    prefix: ({ rules, network, outlives }, cwd) => {
      const [whole = [], ...parts] = rules.map(mountOf);
      const emptied = [...(network ? [] : [SOCKETS]), ...rules.filter(isEmptied).map(({ path }) => path)];
      return [
        program,
        ...whole,
        ...SYSTEM,
        ...(outlives ? ['--ro-bind', '/proc', '/proc'] : ['--proc', '/proc', '--unshare-pid', '--unshare-ipc']),
        ...(network ? [] : ['--unshare-net', '--tmpfs', SOCKETS]),
        ...parts.flat(),
        ...emptied.flatMap((path) => ['--remount-ro', path]),
        ...capabilities,
        '--chdir',
        cwd,
        '--',
      ];
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
