import type { Rule } from '../../planning/bounds.ts';
import type { Sandbox } from './sandbox.ts';

/** Of two rules about the same the later one counts. Nothing may be started outside by asking somebody else for it. */
const START = `(version 1)
(allow default)
(deny appleevent-send)
(deny job-creation)
(deny lsopen)`;

const ACCESS: Record<Rule['access'], string> = {
  write: '(allow file-read* file-write* (subpath PATH))',
  pinned: '(allow file-read* file-write* (subpath PATH))\n(deny file-write-unlink (literal PATH))',
  read: '(allow file-read* (subpath PATH))\n(deny file-write* (subpath PATH))',
  none: '(deny file-read* file-write* (subpath PATH))',
};

/** Disks and memory are files, too. */
const DEVICES = `(deny file-write* (subpath "/dev"))
(allow file-write* (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty") (subpath "/dev/fd"))`;

const SIGNALS = `(deny signal)
(allow signal (target same-sandbox))`;

/** A profile of the macOS kernel. Paths are its parameters: none of them can be taken for a rule. */
export function sandboxExec(program: string): Sandbox {
  return {
    name: 'sandbox-exec',
    confine: ({ rules, network, outlives }) => {
      const profile = [
        START,
        ...rules.map(({ access }, index) => ACCESS[access].replaceAll('PATH', `(param "P${index}")`)),
        DEVICES,
        ...(outlives ? [] : [SIGNALS]),
        ...(network ? [] : ['(deny network*)']),
      ];
      const parameters = rules.flatMap(({ path }, index) => ['-D', `P${index}=${path}`]);
      return { prefix: [program, ...parameters, '-p', profile.join('\n')], filter: null };
    },
  };
}
