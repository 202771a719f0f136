import { statSync } from 'node:fs';
import type { RunMessage } from './messages.ts';

/** Why a command could not be started, and what to do about it. */
export function describeRefusal(error: unknown, request: RunMessage): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'ERROR';
  return `${code}: ${cwdFault(request.cwd) ?? programFault(code, request) ?? messageOf(error)}`;
}

/** The system reports a missing directory in the same words as a missing program, so it is looked at first. */
function cwdFault(cwd: string): string | null {
  try {
    if (statSync(cwd).isDirectory()) return null;
    return `the working directory ${cwd} is not a directory; name one`;
  } catch {
    return `the working directory ${cwd} does not exist or cannot be reached; create it first`;
  }
}

function programFault(code: string, request: RunMessage): string | null {
  const program = request.argv[0] ?? '';
  if (program === '') return 'argv names no program; its first item must';
  switch (code) {
    case 'ENOENT':
      return missingProgram(program, request.env['PATH']);
    case 'EACCES':
      return `may not execute ${program} or enter ${request.cwd}; check the mode (chmod +x) and the owner`;
    case 'E2BIG':
      return 'arguments and environment are longer than the system takes; pass the content by stdin or in a file';
    case 'EAGAIN':
    case 'ENOMEM':
      return 'the system has no room for another process now; end something or raise the limit (ulimit -u)';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open; run fewer commands at once or raise the limit (ulimit -n)';
    default:
      return null;
  }
}

function missingProgram(program: string, path: string | undefined): string {
  if (!program.includes('/')) return `no program ${program} in PATH=${path ?? ''}; install it or give its full path`;
  return exists(program)
    ? `${program} is there, but the interpreter in its first line is not; install that or correct the line`
    : `no program ${program}; install it or correct the path`;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
