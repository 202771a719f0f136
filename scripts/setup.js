#!/usr/bin/env node
// Runs a script of this project on a bare machine: node scripts/setup.js [--with <program>]… <script> [argument]…
// Plain JavaScript without dependencies, because it runs before there are any, under whatever Node is there.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const MODULES = path.join(ROOT, 'node_modules');
const STAMP = path.join(MODULES, '.setup-stamp');
const NODE = path.join(MODULES, 'node/bin/node');
const OLDEST_NODE = 18;
const FAILED = 2;
/** Any of these does; the test that opens one reads the same file. */
const BROWSERS = JSON.parse(readFileSync(path.join(ROOT, 'scripts/browsers.json'), 'utf8'));
/** On a Mac a browser is an application, which people install as they like, podman needs a virtual machine, and there is sandbox-exec. */
const NOT_ON_MAC = ['chromium', 'podman', 'runc', 'busybox', 'bwrap'];
/** Programs whose package has another name; all others are packaged under their own. */
const PACKAGES = {
  brew: { 'redis-server': 'redis' },
  apt: {
    bwrap: 'bubblewrap',
    ps: 'procps',
    plistutil: 'libplist-utils',
    busybox: 'busybox-static',
    nginx: 'nginx-light',
  },
};
/** What macOS brings under another name. */
const ON_MACOS = { plistutil: 'plutil' };
const nameHere = (program) => (process.platform === 'darwin' && ON_MACOS[program]) || program;
/** Where Homebrew puts programs; a shell without a login has neither on its PATH. */
const HOMEBREW = ['/opt/homebrew/bin', '/usr/local/bin'];

class SetupError extends Error {}

const say = (line) => process.stderr.write(`setup: ${line}\n`);

function readArguments(argv) {
  const programs = ['redis-server', 'ps', 'bwrap'];
  let at = 0;
  for (; argv[at] === '--with'; at += 2) programs.push(nameHere(argv[at + 1]));
  const script = argv[at];
  if (!script) throw new SetupError('usage: node scripts/setup.js [--with <program>]… <script> [argument]…');
  return { programs, script: path.resolve(ROOT, script), rest: argv.slice(at + 1) };
}

function checkPlatform() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < OLDEST_NODE)
    throw new SetupError(
      `this is Node ${process.versions.node}; install Node ${OLDEST_NODE} or newer and run it again`,
    );
  if (process.platform === 'win32') throw new SetupError('savorg-ops runs on macOS and Linux; on Windows use WSL');
}

function find(program) {
  const folders = [...(process.env.PATH || '').split(path.delimiter), ...HOMEBREW];
  const names = program === 'chromium' ? BROWSERS : [program];
  const files = names.flatMap((name) => folders.map((folder) => path.resolve(folder, name)));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs it unseen; what it said is shown only if it failed. */
function quietly(command, args) {
  const options = { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 28 };
  const done = spawnSync(command, args, options);
  if (done.status === 0) return true;
  process.stderr.write(`${done.stdout || ''}${done.stderr || ''}`);
  say(done.error ? `${command}: ${done.error.message}` : `${command} ended with ${done.signal || done.status}`);
  return false;
}

function npm(...args) {
  const startedBy = process.env.npm_execpath || '';
  if (startedBy.endsWith('npm-cli.js')) return quietly(process.execPath, [startedBy, ...args, '--loglevel=error']);
  return quietly('npm', [...args, '--loglevel=error']);
}

// Not `npm ci`: it refuses a lock that lacks another platform's optional packages.
// `--no-save`: a plain install would rewrite the lock. `--include=dev`: the pinned Node is a dev dependency.
const npmInstall = () => npm('install', '--no-save', '--include=dev');

function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  say('installing dependencies (npm install --no-save) …');
  if (!npmInstall())
    throw new SetupError('npm could not install the dependencies: see its output above, then run it again');
  // An install that was cut short leaves the package without its binary, and npm takes it for complete.
  if (!existsSync(NODE)) npm('rebuild', 'node');
  if (!existsSync(NODE))
    throw new SetupError('npm left out the pinned Node; type: npm rebuild node --ignore-scripts=false');
  writeFileSync(STAMP, lock);
}

/** The commands that install these programs here, and whether we may run them. */
function installers(missing) {
  const names = (manager) => missing.map((program) => PACKAGES[manager][program] || program);
  const brew = process.platform === 'darwin' && find('brew');
  if (brew) return { mayRun: true, commands: [[brew, 'install', ...names('brew')]] };
  if (process.platform === 'darwin')
    return { mayRun: false, typed: `brew install ${names('brew').join(' ')}   (Homebrew: https://brew.sh)` };
  if (!find('apt-get')) return { mayRun: false, typed: `(your package manager's install of) ${missing.join(' ')}` };
  const root = process.getuid() === 0;
  const sudo = root ? [] : ['sudo', '-n'];
  const apt = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=120'];
  return {
    mayRun: root || spawnSync('sudo', ['-n', 'true']).status === 0,
    typed: `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names('apt').join(' ')}`,
    commands: [
      [...apt, 'update'],
      [...apt, 'install', '-y', '--no-install-recommends', ...names('apt')],
    ],
  };
}

function installPrograms(programs) {
  const optional = process.platform === 'darwin' ? NOT_ON_MAC : [];
  const missing = programs.filter((program) => !optional.includes(program) && !find(program));
  if (missing.length === 0) return;
  const { mayRun, commands = [], typed } = installers(missing);
  if (mayRun) say(`installing ${missing.join(', ')} …`);
  const ran = mayRun && commands.every(([command, ...args]) => quietly(command, args));
  const still = missing.filter((program) => !find(program));
  if (still.length === 0) return;
  const why = ran ? 'its package did not bring it' : 'it cannot be installed from here';
  const command = typed || commands.map((argv) => argv.join(' ')).join(' && ');
  throw new SetupError(`${still.join(', ')} is missing and ${why}; type: ${command}`);
}

function run(script, rest) {
  if (!existsSync(script)) throw new SetupError(`there is no ${script}`);
  const folders = [path.dirname(NODE), path.join(MODULES, '.bin'), process.env.PATH || '', ...HOMEBREW];
  const env = {
    ...process.env,
    PATH: folders.join(path.delimiter),
    NODE_COMPILE_CACHE: path.join(MODULES, '.cache/compile'),
  };
  const child = spawn(NODE, [script, ...rest], { stdio: 'inherit', env });
  child.on('error', (error) => end(new SetupError(`the pinned Node does not start: ${error.message}`)));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + os.constants.signals[signal] : code));
  // A terminal sends Ctrl-C to the child too; passed on as well, it would count as a second, impatient one.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
}

function end(error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exit(FAILED);
}

try {
  checkPlatform();
  const { programs, script, rest } = readArguments(process.argv.slice(2));
  installDependencies();
  installPrograms(programs);
  run(script, rest);
} catch (error) {
  end(error);
}
