import { parse } from 'plist';
import { OpsError } from '../../errors.ts';
import { type DefaultType, defaultText } from '../../planning/user-default.ts';
import type { SettingStore } from '../../services/host.ts';
import { insist, type Tool, toolOf } from './tool.ts';

/** As `defaults read-type` names them. */
const TYPES: Record<string, DefaultType> = { boolean: 'bool', integer: 'int', float: 'float', string: 'string' };

/** The defaults (preferences) of the account that the daemon runs as. Names are `<domain>/<key>`. */
export function defaultsStore(env: Readonly<Record<string, string>>): SettingStore {
  const defaults = toolOf('defaults', env);
  return {
    look: async (name) => {
      const type = await typeOf(name, defaults);
      return { value: type === null ? null : defaultText(type, await exported(name, defaults)) };
    },
    set: async (name, value) => {
      const args = value === null ? ['delete', ...partsOf(name)] : ['write', ...partsOf(name), ...wordsOf(value)];
      insist(await defaults(args), `defaults cannot set ${name}`);
    },
  };
}

/** Null where there is no such default. */
async function typeOf(name: string, defaults: Tool): Promise<DefaultType | null> {
  const answer = await defaults(['read-type', ...partsOf(name)]);
  if (answer.exitCode !== 0 && answer.said.includes('does not exist')) return null;
  insist(answer, `defaults cannot look at ${name}`);
  const word = /^Type is (\w+)$/.exec(answer.stdout)?.[1] ?? '';
  const type = Object.hasOwn(TYPES, word) ? TYPES[word] : undefined;
  if (type) return type;
  throw new OpsError(`${name} is ${answer.said.replace(/^Type is /, 'of the type ')}, which is no plain value`);
}

/** `defaults read` prints values of different types alike, the export does not. */
async function exported(name: string, defaults: Tool): Promise<boolean | number | string> {
  const [domain, key] = partsOf(name);
  const answer = await defaults(['export', domain, '-']);
  insist(answer, `defaults cannot export ${domain}`);
  const values = new Map<string, unknown>(Object.entries(parse(answer.stdout) as object));
  const value = values.get(key);
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new OpsError(`${name} is no value that can be kept exactly`);
}

function partsOf(name: string): [domain: string, key: string] {
  const slash = name.indexOf('/');
  return [name.slice(0, slash), name.slice(slash + 1)];
}

function wordsOf(value: string): string[] {
  const space = value.indexOf(' ');
  return [`-${value.slice(0, space)}`, value.slice(space + 1)];
}
