import { ANY_BINARY, binaryNeed, isInOneForm, pathNeed } from '../contract/need.ts';
import { variableNeeds } from './reach.ts';

export interface SystemdUnit {
  /** It is to start with the host. */
  startsWithHost: boolean;
  /** What of the host it touches: programs, units that it starts or ends, files and folders that systemd writes for it. */
  needs: string[];
}

type Section = 'Unit' | 'Service' | 'Install';
/** What of the host a directive of this value touches; null where the value is not understood. */
type Reader = (value: string) => string[] | null;

const LINE =
  /^[ \t]*(?:[#;].*|\[(?<section>Unit|Service|Install)\][ \t]*|(?<key>[A-Za-z]+)[ \t]*=[ \t]*(?<value>.*?)[ \t]*)?$/;

/**
 * What a unit file has systemd do: each line by itself, and only directives that are known here, so that systemd can read
 * nothing else in it.
 * @throws Error in words for people, with the line that is not understood.
 */
export function systemdUnit(text: string): SystemdUnit {
  const sections = new Set<Section>();
  const needs: string[] = [];
  let section: Section | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const { groups } = LINE.exec(line) ?? {};
    if (!groups || /[^\P{Cc}\t]/u.test(line) || line.endsWith('\\')) throw notUnderstood(index, line);
    section = (groups['section'] as Section | undefined) ?? section;
    if (section) sections.add(section);
    const { key, value = '' } = groups;
    if (key === undefined) continue;
    const own = section && readerOf(section, key)?.(value);
    if (!own) throw notUnderstood(index, line);
    needs.push(...own);
  }
  if (!sections.has('Service')) throw new Error('expected a unit file with a [Service]');
  return { startsWithHost: sections.has('Install'), needs };
}

function notUnderstood(index: number, line: string): Error {
  const shown = line.slice(0, 80).replaceAll(/[^\P{Cc}]/gu, '?');
  return new Error(
    `line ${index + 1}, ${shown}: no task may bring that, or not so (docs/services.md says what may stand there)`,
  );
}

/** Touches nothing of the host that is not the service's own. */
const FREE: Record<Section, RegExp> = {
  Unit: /^(?:Description|Documentation|After|Before|PartOf|(?:Condition|Assert)\w+|StartLimit\w+)$/,
  Service:
    /^(?:Type|RemainAfterExit|Restart\w*|Timeout\w+|SuccessExitStatus|Kill\w+|SendSIG\w+|WatchdogSec|NotifyAccess|User|Group|SupplementaryGroups|WorkingDirectory|UMask|Nice|Limit[A-Z]+|OOM\w+|Memory\w+|CPU\w+|IO\w+|Tasks\w+|Slice|Syslog\w+|NoNewPrivileges|LockPersonality|(?:Protect|Private|Restrict)\w+|ReadOnlyPaths|ReadWritePaths|InaccessiblePaths|CapabilityBoundingSet|AmbientCapabilities|SystemCall\w+)$/,
  Install: /^$/,
};

const READ: Record<Section, Readonly<Record<string, Reader>>> = {
  Unit: Object.fromEntries(['Wants', 'Requires', 'BindsTo', 'Conflicts', 'OnFailure'].map((key) => [key, unitsIn])),
  Service: {
    ...Object.fromEntries(
      ['Start', 'StartPre', 'StartPost', 'Reload', 'Stop', 'StopPost', 'Condition'].map((verb) => [
        `Exec${verb}`,
        programIn,
      ]),
    ),
    Environment: variablesIn,
    // Nobody has seen what will stand there.
    EnvironmentFile: () => [ANY_BINARY],
    StandardOutput: outputIn,
    StandardError: outputIn,
    PIDFile: (value) => pathsIn(value, ''),
    RuntimeDirectory: (value) => pathsIn(value, '/run/'),
    StateDirectory: (value) => pathsIn(value, '/var/lib/'),
    CacheDirectory: (value) => pathsIn(value, '/var/cache/'),
    LogsDirectory: (value) => pathsIn(value, '/var/log/'),
  },
  Install: { WantedBy: (value) => (/^[\w-]+\.target$/.test(value) ? [] : null) },
};

function readerOf(section: Section, key: string): Reader | undefined {
  if (FREE[section].test(key)) return () => [];
  return Object.hasOwn(READ[section], key) ? READ[section][key] : undefined;
}

const wordsOf = (value: string): string[] => value.split(/[ \t]+/).filter((word) => word !== '');

/** Without quotes, specifiers and escapes, which would make another path of it. */
const isPlainPath = (path: string): boolean => /^\/[\w./+@-]+$/.test(path) && isInOneForm(path);

/** Units that it starts or ends along with itself. */
function unitsIn(value: string): string[] | null {
  const units = wordsOf(value);
  return units.every((unit) => /^[\w.@:-]+$/.test(unit)) ? units.map((unit) => `service:systemd/${unit}`) : null;
}

/** Of one command line: a `;` by itself begins a second one. */
function programIn(value: string): string[] | null {
  const [first = '', ...rest] = wordsOf(value);
  const program = first.replace(/^[-@:+!]+/, '');
  if (first === '') return [];
  return isPlainPath(program) && !rest.includes(';') ? [binaryNeed([program])] : null;
}

const ASSIGNMENT = /"([A-Za-z_]\w*)=([^"\\%]*)"|'([A-Za-z_]\w*)=([^'\\%]*)'|([A-Za-z_]\w*)=([^\s"'\\%]*)/.source;
const ASSIGNMENTS = new RegExp(`^(?:(?:${ASSIGNMENT})(?:[ \\t]+|$))*$`);

function variablesIn(value: string): string[] | null {
  if (!ASSIGNMENTS.test(value)) return null;
  const found = value
    .matchAll(new RegExp(ASSIGNMENT, 'g'))
    .map((match) => match.slice(1).filter((part) => part !== undefined));
  return [...found].flatMap(([name = '', text = '']) => variableNeeds({ [name]: text }));
}

function outputIn(value: string): string[] | null {
  if (/^(?:|inherit|null|journal)$/.test(value)) return [];
  const [, path] = /^(?:file|append|truncate):(.*)$/.exec(value) ?? [];
  return path === undefined ? null : pathsIn(path, '');
}

/** Paths, or names below a folder. */
function pathsIn(value: string, folder: string): string[] | null {
  const paths = wordsOf(value).map((word) => folder + word);
  return paths.every(isPlainPath) ? paths.map(pathNeed) : null;
}
