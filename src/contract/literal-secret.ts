import { isNamedSecret, secretFormIn } from './secret-forms.ts';
import type { Task } from './task.ts';

/** A secret that stands in a task itself, where everybody who can read Redis sees it. Never its value. */
export interface LiteralSecret {
  /** E.g. `actions[0].with.env.DB_PASSWORD`. */
  place: string;
  /** What it looks like, in words. */
  what: string;
}

/** A text of a task. */
interface Text {
  place: string;
  text: string;
  /** Of the variable whose value it is; null where it is none's. */
  name: string | null;
}

/** The secrets that stand in what a task has done, now or by a schedule that it defines, and in its reason. */
export function literalSecretsIn(task: Task): LiteralSecret[] {
  return [...textsOf(task)].flatMap(({ place, text, name }) => {
    const what = secretFormIn(text) ?? (name !== null && isNamedSecret(name, text) ? 'a password' : undefined);
    return what === undefined ? [] : [{ place, what }];
  });
}

/** Where in a task a text stands of which this is true; null where none does. */
export function placeIn(task: Task, isMeant: (text: string) => boolean): string | null {
  return textsOf(task).find(({ text }) => isMeant(text))?.place ?? null;
}

/** For people: what is wrong, and what to write in its place. */
export function literalSecretText(found: readonly LiteralSecret[]): string {
  const named = found.slice(0, MOST_NAMED).map(({ place, what }) => `${place} (${what})`);
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : '';
  return `a secret stands in ${named.join(', ')}${more}: write a reference in its place, e.g. secret:file/db-password, and change a secret that was sent (docs/secrets.md)`;
}
const MOST_NAMED = 5;

/** Records of variables by name, whatever the action calls them. */
const RECORDS: ReadonlySet<string> = new Set(['env', 'environment', 'variables', 'set']);

function* textsOf(task: Task): Generator<Text> {
  yield { place: 'reason', text: task.reason, name: null };
  if ('actions' in task) yield* textsIn(task.actions, 'actions', null, false);
}

/** `name`: of the innermost variable; `inRecord`: its keys are names. A key may be a secret, too. */
function* textsIn(value: unknown, place: string, name: string | null, inRecord: boolean): Generator<Text> {
  if (typeof value === 'string') yield { place, text: value, name };
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (Array.isArray(value)) {
      yield* textsIn(child, `${place}[${key}]`, name, inRecord);
      continue;
    }
    yield { place, text: key, name: null };
    yield* textsIn(child, `${place}.${nameable(key)}`, inRecord ? key : null, inRecord || RECORDS.has(key));
  }
}

/** A key as a message can show it. */
const nameable = (key: string): string =>
  /^[\w./-]{1,64}$/.test(key) && secretFormIn(key) === undefined ? key : '(a key)';
