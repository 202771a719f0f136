import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { readProc, treeBelow } from '../../../src/runner/process-table.ts';
import { signalIfThere } from '../launchd/job.ts';
import type { Answer } from '../launchd/verbs.ts';

/** What root runs for others: exact commands of a drop-in, with the PATH that it gives them. */
export class Root {
  readonly #rules: string;
  readonly #bin: string;
  readonly #running = new Set<number>();

  /** `bin`: where the doubles of macOS' own tools are. */
  constructor(rules: string, bin: string) {
    this.#rules = rules;
    this.#bin = bin;
  }

  async run(user: string | undefined, argv: readonly string[]): Promise<Answer> {
    const rules = existsSync(this.#rules) ? readFileSync(this.#rules, 'utf8') : '';
    const [program = '', ...args] = argv;
    if (!commandsOf(rules, user).includes(argv.join(' ')))
      return { exitCode: 1, stdout: '', stderr: 'sudo: a password is required\n' };
    const path = new RegExp(`^Defaults!${program} secure_path="(.*)"$`, 'm').exec(rules)?.[1] ?? '';
    const child = spawn(program, args, { env: { PATH: `${this.#bin}:${path}` }, stdio: ['ignore', 'pipe', 'pipe'] });
    const pid = child.pid ?? Number.NaN;
    this.#running.add(pid);
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
    const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    this.#running.delete(pid);
    return { exitCode, stdout, stderr };
  }

  cutPower(): void {
    const tree = treeBelow(readProc(), this.#running).map(({ pid }) => pid);
    for (const pid of [...this.#running, ...tree]) signalIfThere(pid, 'SIGKILL');
  }
}

const commandsOf = (rules: string, user: string | undefined): string[] =>
  rules
    .replaceAll('\\\n', '')
    .split('\n')
    .filter((line) => line.startsWith(`${user} ALL=(root) NOPASSWD: `))
    .flatMap((line) => line.replace(/^.*NOPASSWD: /, '').split(/, +/));
