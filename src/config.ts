import { existsSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type QueueNames, queueNames } from './contract/queues.ts';
import { type DashboardSettings, dashboardSettings } from './dashboard-settings.ts';
import { OpsError } from './errors.ts';
import { type Home, homeAt } from './home.ts';
import { readOpsFile, readText } from './ops-file.ts';

export interface Config {
  home: Home;
  host: { name: string; sole: boolean };
  dev: boolean;
  concurrency: number;
  queues: QueueNames;
  /** Whom commands run as; null: as the daemon. */
  runAs: string | null;
  /** The path of podman or docker; null for the first that is found. */
  containerEngine: string | null;
  /** Where no command can write. */
  protect: readonly string[];
  /** Where it is told every minute that schedules are looked at; null where nowhere. */
  heartbeat: string | null;
  /** Null: there is none. */
  dashboard: DashboardSettings | null;
  /** Null: the daemon keeps its own redis-server. */
  redisUrl: string | null;
  logLevel: string;
  /** The full command line of `ops` for this home, for use from any directory. */
  opsCommand: string;
  /** What every command of a task finds in its environment. */
  baseEnv: Readonly<Record<string, string>>;
  /** What `secret:env/<NAME>` can name. */
  secretEnv: Readonly<Record<string, string>>;
  /** By which `op` reads; null where the environment has none. */
  opToken: string | null;
}

const BASE_NAMES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'USER', 'LOGNAME', 'TMPDIR'];
/** Of 1Password's service accounts. */
const OP_TOKEN = 'OP_SERVICE_ACCOUNT_TOKEN';
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const CLI = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? 'cli/main.ts' : 'cli/main.js');

/** The home that the command line or the environment names; `.ops` below the working directory otherwise. */
export function homeOf(root?: string): Home {
  return homeAt(root ?? process.env['OPS_HOME'] ?? '.ops');
}

/**
 * What puts code into Node or a program's loader, or has TLS believe everybody. A further authority for it
 * (NODE_EXTRA_CA_CERTS) is usual where a company reads along, and what comes over TLS is believed by its signature only.
 */
const FOREIGN =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_TLS_REJECT_UNAUTHORIZED|OPENSSL_(?:CONF|MODULES|ENGINES)|LD_(?:PRELOAD|AUDIT|LIBRARY_PATH)|DYLD_\w+)$/;

/**
 * A daemon runs its own code only.
 * @throws OpsError naming the variables that would change that.
 */
export function refuseForeignCode(): void {
  const found = Object.keys(process.env).filter((name) => FOREIGN.test(name) && process.env[name]);
  if (found.length === 0) return;
  throw new OpsError(
    `the environment would have the daemon run foreign code, or believe any certificate: take ${found.join(', ')} out of it (of the shell, the plist or the process file) and start again`,
  );
}

/** The login of who typed this, also under sudo. */
export const personHere = (): string => process.env['SUDO_USER'] || userInfo().username;

/** What `ops install` takes from the environment. @throws OpsError where REDIS_URL is none. */
export const installEnvironment = () => ({
  redisUrl: process.env['REDIS_URL'] ? checkedUrl(process.env['REDIS_URL'], 'REDIS_URL') : null,
  searchPath: process.env['PATH'] ?? '',
});

/** Reads file and environment once. @throws OpsError that says what to mend. */
export function loadConfig(root?: string): Config {
  const home = homeOf(root);
  const file = readOpsFile(home.etc.ops);
  const names = [...BASE_NAMES, ...(file.pass_environment ?? [])];
  const secretNames = file.secret_environment ?? [];
  refusePassed(secretNames, names, home.etc.ops);
  return Object.freeze({
    home,
    host: { name: file.host, sole: file.sole_host ?? true },
    dev: file.dev ?? false,
    concurrency: file.concurrency ?? 8,
    queues: queueNames(file.queues),
    runAs: file.run_as ?? null,
    containerEngine: file.container_engine ?? null,
    protect: file.protect ?? [],
    heartbeat: file.heartbeat ?? null,
    dashboard: dashboardSettings(home.etc, file.dashboard, process.env['OPS_DASHBOARD']),
    redisUrl: redisUrl(home),
    logLevel: logLevel(process.env['OPS_LOG_LEVEL'] ?? 'info'),
    opsCommand: opsCommand(home),
    baseEnv: Object.freeze({ HOME: homedir(), ...present(names), ...(file.run_as && identity(file.run_as, home)) }),
    secretEnv: Object.freeze(present(secretNames)),
    opToken: process.env[OP_TOKEN] || null,
  });
}

/** What every command gets is no secret. */
function refusePassed(secret: readonly string[], passed: readonly string[], path: string): void {
  const both = [...secret, OP_TOKEN].filter((name) => passed.includes(name));
  if (both.length > 0)
    throw new OpsError(`${path}: every command would get ${both.join(', ')}: take it out of pass_environment`);
}

/** That of the environment, or of the file; null where there is neither. */
function redisUrl({ etc }: Home): string | null {
  const named = process.env['REDIS_URL'];
  if (named) return checkedUrl(named, 'REDIS_URL');
  const stat = statSync(etc.redisUrl, { throwIfNoEntry: false });
  if (!stat) return null;
  if ((stat.mode & 0o007) !== 0)
    throw new OpsError(`everybody can read ${etc.redisUrl}: type chmod o= ${etc.redisUrl}`);
  return checkedUrl(readText(etc.redisUrl, 'use sudo').trim(), etc.redisUrl);
}

function checkedUrl(url: string, source: string): string {
  try {
    const { protocol, username, password } = new URL(url);
    decodeURIComponent(`${username}${password}`);
    if (protocol === 'redis:' || protocol === 'rediss:') return url;
  } catch {
    // Said below, without the URL: it may hold a password.
  }
  throw new OpsError(`${source}: expected redis://[user:password@]host:port, with special characters as %XX`);
}

function logLevel(level: string): string {
  if (LOG_LEVELS.includes(level)) return level;
  throw new OpsError(`OPS_LOG_LEVEL: expected one of ${LOG_LEVELS.join(', ')}, got ${level}`);
}

function present(names: readonly string[]): Record<string, string> {
  const found = names.map((name) => [name, process.env[name]] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as Record<string, string>;
}

const identity = (user: string, { runner }: Home): Record<string, string> => ({
  HOME: runner.home,
  USER: user,
  LOGNAME: user,
});

/** Installed, it goes by a path that outlives this version, and by root, who can read the operator's key. */
function opsCommand({ root, installed: { node, cli } }: Home): string {
  const argv = existsSync(cli) ? ['sudo', node, cli] : [process.execPath, CLI];
  return [...argv, '--home', root].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
