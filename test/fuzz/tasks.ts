import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ActionRequest, ActionsTask } from '../../src/contract/task.ts';
import type { TestHome } from '../integration/test-home.ts';
import type { Random } from './random.ts';

/** In the folder of each command: what it did, a line each: `<task> <action> did|twice|undid`. */
export const EFFECTS = 'effects';
/** What a file holds before a task. */
export const BEFORE = 'before\n';
export const AFTER = 'after\n';

/** How a task is to end where nothing befalls it. */
export type Bent = 'well' | 'failing';

type Options = Pick<ActionsTask, 'on_failure'> & Partial<Pick<ActionsTask, 'on_interrupt'>>;

/** One to three actions with effects that can be counted, over resources that some tasks share. */
export function randomTask(id: string, home: TestHome, random: Random, bent: Bent): ActionsTask {
  const make = [fileAction, plainCommand, plainCommand, guardedCommand, probeAction];
  const actions = Array.from({ length: 1 + random.int(3) }, (_, index) =>
    random.pick(make)(placeOf(id, index + 1, home, random)),
  );
  if (bent === 'failing') actions.push(command(placeOf(id, actions.length + 1, home, random), 'exit 3'));
  const options: Options = {
    on_failure: bent === 'failing' || random.chance(50) ? 'undo' : 'stop',
    ...(random.chance(70) && { on_interrupt: random.pick(['resume', 'undo', 'stop'] as const) }),
  };
  return home.task(id, actions, options) as ActionsTask;
}

/** One action that is soon over and stands in nobody's way. */
export function briefTask(id: string, home: TestHome, random: Random): ActionsTask {
  const place = { id, n: 1, home, random, folder: home.folder(`brief-${id}`) };
  const brief = () => action(place, line(place, 'did'), { undo: shell(line(place, 'undid')) });
  return home.task(id, [random.chance(20) ? fileAction(place) : brief()]) as ActionsTask;
}

interface Place {
  id: string;
  n: number;
  home: TestHome;
  random: Random;
  /** Where its command writes, for itself alone meanwhile. */
  folder: string;
}

/** Over resources that some tasks share. */
function placeOf(id: string, n: number, home: TestHome, random: Random): Place {
  return { id, n, home, random, folder: home.folder(`shared-${random.int(6)}`) };
}

export const filePath = (home: TestHome, id: string, n: number): string => home.path(`file-${id}-${n}`);

function fileAction({ id, n, home }: Place): ActionRequest {
  return { action: 'config.file', with: { path: filePath(home, id, n), content: AFTER } };
}

function probeAction({ home }: Place): ActionRequest {
  return { action: 'monitoring.probe', with: { check: { type: 'file', service: 'it', path: home.home.etc.ops } } };
}

const LENGTHS_S = [0, 0, 0.01, 0.05, 0.1, 0.3];

function plainCommand(place: Place): ActionRequest {
  const { random, home } = place;
  if (random.chance(6)) return command(place, 'sleep 1000', { timeout_ms: 600 });
  const says = random.pick(['true', 'echo said', `cat ${leakOf(home)}`, 'head -c 100000 /dev/zero | tr "\\0" x']);
  return command(place, `${says}; sleep ${random.pick(LENGTHS_S)}; exit ${random.chance(5) ? 3 : 0}`);
}

/** A copy of the daemon's secrets where commands can read it: they cannot read the originals. */
function leakOf(home: TestHome): string {
  const { redisUrl, hostKey } = home.home.var;
  const leak = home.path('leak');
  const found = [redisUrl, hostKey].filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  writeFileSync(leak, found.join('\n'));
  return leak;
}

/** The guard and the effect are one: a directory can be made but once. */
function guardedCommand(place: Place): ActionRequest {
  const { id, n, folder, random } = place;
  const made = join(folder, `made-${id}-${n}`);
  const script = `sleep ${random.pick(LENGTHS_S)}; if mkdir ${made}; then ${line(place, 'did')}; else ${line(place, 'twice')}; fi; sleep ${random.pick(LENGTHS_S)}`;
  const guard = random.chance(50) ? { creates: made } : { unless: ['/usr/bin/test', '-d', made] };
  return action(place, script, { guard, undo: shell(`rm -rf ${made}; ${line(place, 'undid')}`) });
}

function command(place: Place, rest: string, more: Record<string, unknown> = {}): ActionRequest {
  const irreversible = place.random.chance(10);
  const undo = { undo: shell(`${line(place, 'undid')}; sleep ${place.random.pick(LENGTHS_S)}`) };
  const request = action(place, `${line(place, 'did')}; ${rest}`, { ...more, ...(!irreversible && undo) });
  return irreversible ? { ...request, irreversible } : request;
}

function action({ id, home, folder }: Place, script: string, more: Record<string, unknown>): ActionRequest {
  // By its environment a process of this home is known, whatever becomes of its parents.
  const env = { FUZZ_HOME: home.root, FUZZ_TASK: id };
  const resources = [`path:${folder}`];
  return { action: 'infra.command', with: { argv: shell(script), env, resources, ...more } };
}

const shell = (script: string) => ['/bin/sh', '-c', script];
const line = ({ id, n, folder }: Place, what: string) => `echo "${id} ${n} ${what}" >> ${join(folder, EFFECTS)}`;
