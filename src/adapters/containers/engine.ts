import { execa } from 'execa';
import { OpsError } from '../../errors.ts';
import { type ContainerSpec, keptPrefix, steersTheProgram } from '../../planning/container.ts';
import type { Container, Containers } from '../../services/containers.ts';
import { containerIn } from './answers.ts';
import { createArguments, TASK_LABEL } from './arguments.ts';
import { type Guarded, mountFault } from './mounts.ts';
import { ask, type EngineProgram, findEngine, insist, said } from './program.ts';

const LOOK_MS = 30_000;
const PULL_MS = 30 * 60_000;

interface EngineParts {
  /** The path of its program; null for the first that is here. */
  named: string | null;
  /** All that its program gets. */
  env: EngineProgram['env'];
  /** What may not be mounted. */
  guarded: () => Guarded;
}

/** docker or podman, by its own program, which is looked for when it is needed first. */
export class ContainerEngine implements Containers {
  readonly #guarded: EngineParts['guarded'];
  readonly #find: () => Promise<EngineProgram>;
  #found: Promise<EngineProgram> | undefined;

  constructor({ named, env, guarded }: EngineParts) {
    this.#find = () => findEngine(named, env);
    this.#guarded = guarded;
  }

  async find(nameOrId: string): Promise<Container | null> {
    const [id] = await this.#list(isId(nameOrId) ? `id=${nameOrId}` : `${named(nameOrId)}$`);
    return id === undefined ? null : this.#inspect(id);
  }

  async keptOf(name: string): Promise<Container[]> {
    const ids = await this.#list(named(keptPrefix(name)), `label=${TASK_LABEL}`);
    return Promise.all(ids.map((id) => this.#inspect(id)));
  }

  async create(spec: ContainerSpec, env: Readonly<Record<string, string>>, taskId: string): Promise<string> {
    const values = Object.fromEntries(Object.entries(env).filter(([name]) => !steersTheProgram(name)));
    const stdout = await insist(await this.#program(), createArguments(spec, taskId), { values });
    const id = stdout.trim().split('\n').at(-1) ?? '';
    if (!isId(id)) throw new OpsError(`the engine made ${spec.name}, and did not tell its id`);
    return id;
  }

  start = (id: string): Promise<void> => this.#order('start', id);
  stop = (id: string): Promise<void> => this.#order('stop', id);
  restart = (id: string): Promise<void> => this.#order('restart', id);
  rename = (id: string, name: string): Promise<void> => this.#order('rename', id, name);
  remove = (id: string): Promise<void> => this.#order('rm', '--force', id);

  async failureOf(id: string, argv: readonly string[]): Promise<string | null> {
    const { exitCode, stderr } = await ask(await this.#program(), ['exec', id, ...argv], { timeoutMs: LOOK_MS });
    if (exitCode === 0) return null;
    return `exit code ${exitCode}: ${said(stderr)}`;
  }

  isUnderWay = (name: string, ids: readonly string[]): Promise<boolean> => this.isAtWork([`--name=${name}`, ...ids]);

  /** Whether an order with one of these words is still under way, whoever gave it. */
  async isAtWork(words: readonly string[]): Promise<boolean> {
    const { path } = await this.#program();
    const { stdout } = await execa('ps', ['-axww', '-o', 'args='], { env: { LC_ALL: 'C' } });
    const orders = stdout.split('\n').filter((line) => line.startsWith(`${path} `));
    return orders.some((line) => line.split(' ').some((word) => words.includes(word)));
  }

  async obstacleTo(spec: ContainerSpec): Promise<string | null> {
    const fault = mountFault(spec, this.#guarded());
    if (fault !== null || (await this.hasImage(spec.image))) return fault;
    return `needs ${spec.image}, which is not here: pull it first`;
  }

  /** Whether the image of this pinned name is here. */
  async hasImage(name: string): Promise<boolean> {
    const answer = await ask(await this.#program(), ['image', 'inspect', name], { timeoutMs: LOOK_MS });
    if (answer.exitCode === 0) return true;
    if (/no such image|image not known|failed to find image/i.test(answer.stderr)) return false;
    throw new OpsError(`the engine does not tell whether ${name} is here: ${said(answer.stderr)}`);
  }

  async pull(name: string): Promise<void> {
    await insist(await this.#program(), ['pull', '--quiet', name], { timeoutMs: PULL_MS });
  }

  removeImage = (name: string): Promise<void> => this.#order('rmi', name);

  async #inspect(id: string): Promise<Container> {
    return containerIn(await this.#look('inspect', '--type=container', id));
  }

  /** Which fit all of the filters. */
  async #list(...filters: string[]): Promise<string[]> {
    const filtering = filters.map((filter) => `--filter=${filter}`);
    const answer = await this.#look('ps', '--all', '--no-trunc', ...filtering, '--format', '{{.ID}}');
    const ids = answer.split('\n').filter(Boolean);
    if (!ids.every(isId)) throw new OpsError('the list of containers that the engine gave is not as known');
    return ids;
  }

  #program(): Promise<EngineProgram> {
    // Not kept where it fails: one may be installed while the daemon runs.
    this.#found ??= this.#find().catch((error: unknown) => {
      this.#found = undefined;
      throw error;
    });
    return this.#found;
  }

  async #look(...args: string[]): Promise<string> {
    return insist(await this.#program(), args, { timeoutMs: LOOK_MS });
  }

  async #order(...args: string[]): Promise<void> {
    await insist(await this.#program(), args);
  }
}

/** The filter of all whose names begin so; docker begins each with a slash. */
const named = (start: string): string => `name=^/?${start.replaceAll('.', String.raw`\.`)}`;
const isId = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
