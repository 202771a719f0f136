import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { utcTime } from '../../src/contract/names.ts';
import { ActionsTask } from '../../src/contract/task.ts';
import { EXAMPLES } from '../support/stock.ts';
import type { Place, Trial } from './trial.ts';

/** Below which folder the paths of all examples lie. */
const STAND_IN = '/srv/example';

const pathOf = (action: string): string => join(EXAMPLES, 'actions', `${action}.yaml`);

export const hasExample = (action: string): boolean => existsSync(pathOf(action));

const textOf = (action: string): string => readFileSync(pathOf(action), 'utf8');

/** The example task of an action as it stands, with what `ops sign` fills in. */
export const exampleOf = (action: string): ActionsTask => taskOf(textOf(action));

/** The same as it is to run in this place. */
export function exampleIn(action: string, place: Place, trial: Trial): ActionsTask {
  const adapted = (trial.adapt?.(place) ?? []).reduce(replaced, textOf(action));
  return taskOf(adapted.replaceAll(STAND_IN, place.folder));
}

function taskOf(text: string): ActionsTask {
  return ActionsTask.parse({ host: 'mini-1', expires_at: utcTime(Date.now() + 3600_000), ...parse(text) });
}

function replaced(text: string, [from, to]: readonly [string, string]): string {
  if (!text.includes(from)) throw new Error(`there is no ${from} to be replaced`);
  return text.replaceAll(from, to);
}
