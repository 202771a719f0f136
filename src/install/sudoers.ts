import { join } from 'node:path';
import { placing, removing } from '../adapters/privilege.ts';
import { APT_GET, aptOrder } from '../adapters/settings/apt.ts';
import { DEFINITIONS } from '../adapters/supervisors/definitions.ts';
import { upgradeCommand } from '../adapters/upgrades.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import { VERSION_PATTERN } from '../planning/package.ts';
import { serviceName } from '../planning/service.ts';
import type { RootWork } from './root-work.ts';

interface SudoersParts {
  /** The daemon's user. */
  daemon: string;
  /** Whom commands run as; null: as the daemon itself. */
  runAs: string | null;
  work: RootWork;
  home: Home;
}

/**
 * What the daemon may do as somebody else, as a drop-in for sudo: exact commands, but for what runs with no more rights
 * than the commands of tasks. Only an operator puts it in its place.
 * @throws OpsError where it cannot be said exactly.
 */
export function sudoersDropIn({ daemon, runAs, work, home }: SudoersParts): string {
  if (runAs === 'root')
    throw new OpsError('run_as: root would give root whatever is signed: name a user that owns nothing');
  const ruleOf = (commands: readonly string[]) => `${daemon} ALL=(root) NOPASSWD: ${commands.join(', \\\n    ')}`;
  return [
    ...INSTRUCTIONS,
    `Defaults:${daemon} !requiretty, !use_pty`,
    ...(runAs === null ? [] : ['', ...runnerLines(daemon, runAs)]),
    ...(work.upgrades ? ['', ...upgradeLines(home), ruleOf([exact(upgradeCommand(home))])] : []),
    ...work.services.flatMap((service) => [
      '',
      ...remarkOf(service),
      ruleOf(serviceCommands(service, home.var.services)),
    ]),
    ...work.packages.flatMap((name) => [
      '',
      `# The package ${name}, in any version of this host's sources.`,
      ruleOf(aptCommands(name)),
    ]),
    ...(work.unusable.length === 0 ? [] : ['', ...unusableLines(work.unusable)]),
    '',
  ].join('\n');
}

const SYSTEM_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';

/** Where sudo reads it. */
export const DROP_IN = '/etc/sudoers.d/savorg-ops';

const INSTRUCTIONS = [
  '# What savorg-ops may do as somebody else. Look through it, then put it in its place yourself:',
  '#   sudo ops sudoers > savorg-ops.sudoers',
  '#   sudo visudo -cf savorg-ops.sudoers',
  `#   sudo install -o root -m 440 savorg-ops.sudoers ${DROP_IN}`,
];

const runnerLines = (daemon: string, runAs: string): string[] => [
  '# Commands of tasks: whatever was signed, with the rights of this user and no more.',
  `${daemon} ALL=(${runAs}) NOPASSWD: ALL`,
];

/** Another PATH would have root run another launchctl. */
const upgradeLines = ({ installed: { node } }: Home): string[] => [
  '# Upgrades of savorg-ops: root does what it finds signed for this host in that file, and each task once.',
  `Defaults!${node} secure_path="${SYSTEM_PATH}"`,
];

type Service = RootWork['services'][number];

function remarkOf({ ref, isDefined }: Service): string[] {
  const name = serviceName(ref);
  if (!isDefined) return [`# The service ${name}, as it is defined.`];
  return [
    `# The service ${name}, and what it is: who is the daemon's user can have it run any program as root.`,
    '# Without config.service.install and .remove in its rules of the policy that is not here.',
  ];
}

function serviceCommands({ ref, isDefined }: Service, staged: string): string[] {
  const file = ref.supervisor === 'launchd' ? `${ref.label}.plist` : ref.unit;
  const path = join(DEFINITIONS[ref.supervisor], file);
  const definition = [placing(join(staged, file), path), removing(path)].map(exact);
  if (ref.supervisor === 'launchd') return [...launchctl(ref.label, path), ...(isDefined ? definition : [])];
  const own = ['enable', 'disable', 'start', 'stop', 'restart'].map((verb) => systemctl(`${verb} ${ref.unit}`));
  const redefining = [systemctl(`disable --now ${ref.unit}`), systemctl('daemon-reload'), ...definition];
  return [...own, ...(isDefined ? redefining : [])];
}

const systemctl = (order: string): string => `/usr/bin/systemctl --no-ask-password ${order}`;

const launchctl = (label: string, plist: string): string[] => [
  `/bin/launchctl bootstrap system ${plist}`,
  ...['bootout', 'kickstart', 'kickstart -k', 'kill SIGTERM', 'enable', 'disable'].map(
    (verb) => `/bin/launchctl ${verb} system/${label}`,
  ),
];

/** No wildcard of sudo's: those match blanks, and so further options. Its regular expressions do not. */
function aptCommands(name: string): string[] {
  const [program, ...options] = APT_GET;
  const orders = [aptOrder(literal(name), null), aptOrder(literal(name), VERSION_PATTERN)];
  return orders.map((order) => `${program} ^${[...options.map(literal), ...order].join(' ')}$`);
}

const literal = (word: string): string => word.replaceAll(/[.+]/g, '[$&]');

/** A command without anything that means something to sudo. @throws OpsError where something does. */
function exact(argv: readonly string[]): string {
  const odd = argv.find((word) => !/^[\w./@+-]+$/.test(word));
  if (odd === undefined) return argv.join(' ');
  throw new OpsError(
    `sudo cannot be told exactly of ${odd}: have a home whose path is of letters, digits and . _ / @ + -`,
  );
}

/** As JSON, so that no name begins a line. */
const unusableLines = (names: readonly string[]): string[] => [
  "# The policy names these, and no task can use them: names are exact, without wildcards; some are Ops' own or Apple's.",
  ...names.map((name) => `#   ${JSON.stringify(name)}`),
];
