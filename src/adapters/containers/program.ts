import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { OpsError } from '../../errors.ts';

/** The program of a container engine, with the environment it is called in. */
export interface EngineProgram {
  path: string;
  env: Readonly<Record<string, string>>;
}

interface Order {
  /** Added to the environment: what may not stand in an argv. */
  values?: Readonly<Record<string, string>>;
  timeoutMs?: number;
}

export interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A stop waits for the container, most of the rest is done in a second. */
const TIMEOUT_MS = 120_000;
const LONGEST_ANSWER_BYTES = 16 * 1024 * 1024;
/** launchd's PATH has neither. */
const USUAL_PLACES = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin'];

/**
 * The engine that the configuration names, else the first that is here.
 * @throws OpsError where there is none.
 */
export async function findEngine(named: string | null, env: EngineProgram['env']): Promise<EngineProgram> {
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...USUAL_PLACES];
  const paths = named ? [named] : ['podman', 'docker'].flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const path of paths) if (await isExecutable(path)) return { path, env };
  throw new OpsError(
    named
      ? `container_engine in ops.yaml names ${named}, which is no program here`
      : 'there is neither podman nor docker here: install one, or name it as container_engine in ops.yaml',
  );
}

/**
 * Its answer, whatever its exit code.
 * @throws OpsError where it gave none, or where what it would ask cannot be reached.
 */
export async function ask(program: EngineProgram, args: readonly string[], order: Order = {}): Promise<Answer> {
  const { values = {}, timeoutMs = TIMEOUT_MS } = order;
  const ended = await execa(program.path, args, {
    reject: false,
    stdin: 'ignore',
    env: { ...program.env, ...values },
    extendEnv: false,
    timeout: timeoutMs,
    forceKillAfterDelay: 500,
    // What it is at must not be broken off where the daemon ends.
    detached: true,
    cleanup: false,
    maxBuffer: LONGEST_ANSWER_BYTES,
  });
  const { exitCode, stdout, stderr, timedOut } = ended;
  const what = `${program.path} ${args[0]}`;
  if (timedOut)
    throw new OpsError(`${what} gave no answer in ${timeoutMs / 1000} s, so nobody knows what became of it`);
  if (exitCode === undefined) throw new OpsError(`${what} did not end by itself: ${ended.shortMessage}`);
  if (exitCode !== 0 && isUnreachable(stderr)) throw new OpsError(unreachable(program.path, stderr));
  return { exitCode, stdout, stderr };
}

/** What it printed. @throws OpsError with what it said, and what its exit code means. */
export async function insist(program: EngineProgram, args: readonly string[], order?: Order): Promise<string> {
  const { exitCode, stdout, stderr } = await ask(program, args, order);
  if (exitCode === 0) return stdout;
  const meaning = MEANINGS[exitCode] ?? `exit code ${exitCode}`;
  throw new OpsError(`${program.path} ${args[0]}: ${meaning}: ${said(stderr)}`);
}

/** What both engines mean by them. */
const MEANINGS: Readonly<Record<number, string>> = {
  125: 'the engine refused (125)',
  126: 'the program in the container cannot be run (126)',
  127: 'the image has no such program (127)',
  137: 'it was killed, by its limit of memory or by somebody (137)',
};

/** Both have no exit code of their own for it. */
const isUnreachable = (stderr: string): boolean =>
  /cannot connect to (?:the docker daemon|podman)|unable to connect to podman|error during connect|permission denied while trying to connect/i.test(
    stderr,
  );

const unreachable = (path: string, stderr: string): string =>
  `the container engine behind ${path} cannot be reached: ${said(stderr)}\n  what to do: start it (Colima: colima start; podman on a Mac: podman machine start; Linux: systemctl start docker), and see that DOCKER_HOST, where it is needed, stands under pass_environment in ops.yaml`;

/** Without what podman logs beside. */
export function said(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('time="'));
  return lines.slice(0, 3).join('; ').slice(0, 1_000);
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
