import { OpsError } from '../../errors.ts';
import { visible } from '../../visible.ts';

const PROTOCOLS = new Set(['https', 'ssh', 'file']);

/**
 * The protocol of a remote that git cannot take for an option or a program, and that holds no secret: everybody can see
 * the arguments of a process.
 * @throws OpsError that says what is wrong with it.
 */
export function protocolOf(remote: string): string {
  const [, protocol = '', rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(remote) ?? [];
  const problem = problemOf(protocol, rest);
  if (problem === null) return protocol;
  // Without who stands before the @.
  throw new OpsError(`the remote ${visible(remote.replace(/\/\/.*@/s, '//…@')).slice(0, 200)} ${problem}`);
}

function problemOf(protocol: string, rest: string): string | null {
  if (!PROTOCOLS.has(protocol)) return 'is none of https://…, ssh://… and file:///…';
  if (/[\s\p{Cc}\\]/u.test(rest)) return 'has a blank, a backslash or a control character';
  if (protocol === 'file') return rest.startsWith('/') ? null : 'names a host: expected file:///…';
  const host = rest.split('/')[0] ?? '';
  const names = /^(?:([\w.-]+)@)?([\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.exec(host);
  if (host.includes('@') && (protocol === 'https' || !names))
    return 'holds a name or password: take it out, and use ssh:// with a key of the daemon’s user';
  if (!names || names[1]?.startsWith('-') || names[2]?.startsWith('-')) return 'names no host';
  return null;
}
