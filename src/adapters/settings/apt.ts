import { OpsError } from '../../errors.ts';
import type { SettingFact } from '../../planning/facts.ts';
import type { PackageStore } from '../../services/host.ts';
import { asRoot } from '../privilege.ts';
import { isRunning } from '../processes.ts';
import { type Answer, insist, type Tool, toolOf } from './tool.ts';

/** Downloads, and the scripts of the package. */
const TIMEOUT_MS = 15 * 60_000;

/** An exact version may be an older one; what somebody changed in /etc stays; nothing goes because nobody needs it. */
const OPTIONS = [
  '-q',
  '-y',
  '--no-install-recommends',
  '--allow-downgrades',
  // A name is a name: one that no package has would be taken for a pattern.
  ...['DPkg::Lock::Timeout=120', 'APT::Get::AutomaticRemove=false', 'APT::Cmd::Pattern-Only=true'].flatMap((option) => [
    '-o',
    option,
  ]),
  ...['--force-confdef', '--force-confold'].flatMap((option) => ['-o', `Dpkg::Options::=${option}`]),
];

/**
 * Variables by way of `env`: sudo passes none on, and must not, for debconf runs what DEBIAN_FRONTEND holds. needrestart
 * only lists the services that use what changed.
 */
export const APT_GET = [
  '/usr/bin/env',
  'DEBIAN_FRONTEND=noninteractive',
  'NEEDRESTART_MODE=l',
  'LC_ALL=C',
  '/usr/bin/apt-get',
  ...OPTIONS,
] as const;

/** Version null: it is to go. */
export const aptOrder = (name: string, version: string | null): string[] =>
  version === null ? ['remove', '--', name] : ['install', '--', `${name}=${version}`];

/** Debian's packages, by apt-get and dpkg. Only root can change them. */
export function aptStore(env: Readonly<Record<string, string>>): PackageStore {
  const [query, cache, get] = [toolOf('dpkg-query', env), toolOf('apt-cache', env), toolOf('apt-get', env)];
  return {
    look: async (name) => factOf(name, await query(['-W', '-f=${db:Status-Status} ${Version}\\n', '--', name])),
    offer: async (name) => {
      const [rows, policy] = [await cache(['madison', '--', name]), await cache(['policy', '--', name])];
      for (const answer of [rows, policy]) insist(answer, `apt-cache cannot look at ${name}`);
      const versions = versionsOf(name, rows.stdout);
      const candidate = /^ {2}Candidate: (\S+)$/m.exec(policy.stdout)?.[1] ?? '';
      return { versions, candidate: versions.includes(candidate) ? candidate : null };
    },
    set: async (name, version) => {
      const order = aptOrder(name, version);
      await refuseOthers(name, order, get);
      const [program, ...args] = asRoot([...APT_GET, ...order]);
      const answer = await toolOf(program, env)(args, { timeoutMs: TIMEOUT_MS, livesOn: true });
      insist(answer, `apt-get cannot ${order[0]} ${name}`);
    },
    isAtWork: async (name) => (await isRunning(` install -- ${name}=`)) || isRunning(` remove -- ${name}`),
  };
}

/** @throws OpsError where it is neither wholly there nor gone. What is left of its configuration counts as gone. */
function factOf(name: string, answer: Answer): SettingFact {
  if (answer.exitCode === 1 && answer.said.startsWith('dpkg-query: no packages found matching')) return { value: null };
  insist(answer, `dpkg-query cannot look at ${name}`);
  const [line = '', ...others] = answer.stdout.split('\n');
  const [status = '', version = ''] = line.split(' ');
  if (others.length > 0) throw new OpsError(`${name} is there for several architectures`);
  if (['not-installed', 'config-files'].includes(status)) return { value: null };
  if (['installed', 'triggers-awaited', 'triggers-pending'].includes(status)) return { value: version };
  throw new OpsError(`${name} is ${status}: an operator has to mend that, see dpkg --audit`);
}

/** `name | version | source`, the newest first; sources of programs are no packages. */
function versionsOf(name: string, text: string): string[] {
  const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const own = rows.filter(([packageName, , source]) => packageName === name && source?.endsWith(' Packages'));
  return [...new Set(own.map(([, version = '']) => version))];
}

/**
 * What else changes would stand in no plan, and come back by no undo; only new packages may come along.
 * @throws OpsError naming the packages.
 */
async function refuseOthers(name: string, order: readonly string[], get: Tool): Promise<void> {
  const answer = await get([...OPTIONS, '-s', ...order]);
  insist(answer, `apt-get cannot ${order[0]} ${name}`);
  const touched = [...answer.stdout.matchAll(/^(?:Inst|Remv|Purg) (\S+) \[/gm)].map(([, other = '']) => other);
  const others = touched.filter((other) => other !== name);
  if (others.length === 0) return;
  throw new OpsError(`apt-get would also change or remove ${others.join(', ')}, which no undo would bring back`);
}
