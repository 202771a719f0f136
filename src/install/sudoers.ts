import { join } from 'node:path';

export interface SudoersParts {
  /** The daemon's user. */
  daemon: string;
  /** Whom commands run as; null: as the daemon itself. */
  runAs: string | null;
  /** Services of launchd that tasks may change. */
  labels: readonly string[];
  /** Where their plists lie. */
  launchDaemons: string;
  /** Where the daemon puts a plist before root takes it over. */
  staged: string;
}

/**
 * What the daemon may do as somebody else, as a drop-in for sudo: exact commands, but for what runs with no more rights
 * than the commands of tasks. Only an operator puts it in its place.
 */
export function sudoersDropIn(parts: SudoersParts): string {
  const { daemon, runAs, labels } = parts;
  return [
    ...INSTRUCTIONS,
    `Defaults:${daemon} !requiretty, !use_pty`,
    ...(runAs === null ? [] : ['', ...runnerLines(daemon, runAs)]),
    ...labels.flatMap((label) => ['', ...serviceLines(label, parts)]),
    '',
  ].join('\n');
}

const INSTRUCTIONS = [
  '# What savorg-ops may do as somebody else. Look through it, then put it in its place yourself:',
  '#   sudo ops sudoers > savorg-ops.sudoers && sudo visudo -cf savorg-ops.sudoers',
  '#   sudo install -o root -m 440 savorg-ops.sudoers /etc/sudoers.d/savorg-ops',
];

const runnerLines = (daemon: string, runAs: string): string[] => [
  '# Commands of tasks: whatever was signed, with the rights of this user and no more.',
  `${daemon} ALL=(${runAs}) NOPASSWD: ALL`,
];

function serviceLines(label: string, { daemon, launchDaemons, staged }: SudoersParts): string[] {
  const plist = join(launchDaemons, `${label}.plist`);
  const commands = [
    `/bin/launchctl bootstrap system ${plist}`,
    `/bin/launchctl bootout system/${label}`,
    `/bin/launchctl kickstart system/${label}`,
    `/bin/launchctl kickstart -k system/${label}`,
    `/bin/launchctl kill SIGTERM system/${label}`,
    `/bin/launchctl enable system/${label}`,
    `/bin/launchctl disable system/${label}`,
    `/usr/bin/install -o root -g wheel -m 644 ${join(staged, `${label}.plist`)} ${plist}`,
    `/bin/rm -f ${plist}`,
  ];
  return [
    `# The service ${label}, which the policy names.`,
    `${daemon} ALL=(root) NOPASSWD: ${commands.map(escaped).join(', \\\n    ')}`,
  ];
}

/** What means something to sudo, meant as it stands. */
const escaped = (command: string): string => command.replaceAll(/[,:=\\*?[\]!]/g, String.raw`\$&`);
