import { ANY_BINARY, binaryNeed, isInOneForm, NETWORK, pathNeed } from '../contract/need.ts';
import type { Probe } from './probe.ts';

/** What has the system's loader, a shell or an interpreter run other code before the program's own. */
const LOADING =
  /^(?:(?:LD|DYLD)_\w+|GCONV_PATH|GLIBC_TUNABLES|OPENSSL_(?:CONF|MODULES|ENGINES)|BASH_ENV|ENV|ZDOTDIR|SHELLOPTS|BASHOPTS|PS4|NODE_(?:OPTIONS|PATH)|PYTHON\w+|PERL\w+|RUBY\w+|(?:_?JAVA|JDK_JAVA)(?:_TOOL)?_OPTIONS)$/;

/** Whether a variable of this name has code loaded into whatever program gets it. */
export const loadsCode = (name: string): boolean => LOADING.test(name);

/** The programs that variables may have a command run besides its own: from the folders of PATH, or any. */
export function variableNeeds(variables: Readonly<Record<string, string>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    if (name === 'PATH') return value.split(':').map(folderNeed);
    return loadsCode(name) ? [ANY_BINARY] : [];
  });
}

/** What is no absolute path depends on the working directory. */
const folderNeed = (folder: string): string =>
  folder.startsWith('/') && isInOneForm(folder) ? binaryNeed([folder]) : ANY_BINARY;

/** Files that a supervisor writes what a service prints to. */
export const logNeeds = (paths: readonly (string | undefined)[]): string[] =>
  paths.flatMap((path) => (path === undefined || path === '/dev/null' ? [] : [pathNeed(path)]));

/** A health check looks at this host freely, and at others where the network may be used. */
export function probeNeeds(probe: Probe): string[] {
  if (probe.type === 'http') return addressNeeds(probe.url);
  return probe.type === 'tcp' ? hostNeeds(probe.host) : [];
}

/** What policy must allow for a request to this address. */
export const addressNeeds = (url: string): string[] => hostNeeds(new URL(url).hostname);

const THIS_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i;

const hostNeeds = (host: string): string[] => (THIS_HOST.test(host) ? [] : [NETWORK]);
