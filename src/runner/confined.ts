import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type RunMessage, SCRATCH } from './messages.ts';

/** As much of a program's first line as the system reads. */
const FIRST_LINE_BYTES = 256;

/**
 * Looks for the program, which its sandbox would miss in other words and as an exit, and makes its scratch folder.
 * @throws as its start would.
 */
export function prepareConfined(request: RunMessage): void {
  const { cwd, confinement } = request;
  accessSync(cwd, constants.X_OK);
  if (!statSync(cwd).isDirectory()) throw withCode('ENOTDIR', `${cwd} is no directory`);
  refuseWithoutInterpreter(programOf(request));
  if (confinement?.scratch != null) makeScratch(confinement.scratch);
}

/** The file that would run: the first on the command's PATH that may. */
function programOf({ argv: [program = ''], cwd, env }: RunMessage): string {
  const folders = program.includes('/') ? [''] : (env['PATH'] ?? '').split(':');
  const files = folders.map((folder) => resolve(cwd, folder, program)).filter((path) => existsSync(path));
  const [file] = files;
  if (file === undefined || program === '') throw withCode('ENOENT', `no program ${program}`);
  return files.find(isExecutable) ?? refuse(file);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function refuse(path: string): never {
  throw withCode('EACCES', `${path} may not be executed`);
}

function refuseWithoutInterpreter(path: string): void {
  const interpreter = /^#![ \t]*([^\s\0]+)/.exec(firstLine(path))?.[1];
  if (interpreter !== undefined) accessSync(interpreter, constants.X_OK);
}

/** Empty where it may be run, but not read. */
function firstLine(path: string): string {
  try {
    const bytes = Buffer.alloc(FIRST_LINE_BYTES);
    const file = openSync(path, 'r');
    readSync(file, bytes);
    closeSync(file);
    return bytes.toString('latin1');
  } catch {
    return '';
  }
}

function makeScratch(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw withCode('TMPDIR', `cannot be made (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** What it cannot remove, a start of the runner tries again. */
export async function removeScratch({ confinement }: RunMessage): Promise<void> {
  const path = confinement?.scratch;
  if (path != null) await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

/** Those that an earlier runner left. */
export function removeScratches(runDir: string): void {
  try {
    rmSync(join(runDir, SCRATCH), { recursive: true, force: true });
  } catch {
    // No command meets it: each has its own.
  }
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
