import { isDeepStrictEqual } from 'node:util';
import type { EnvironmentChange } from '../../contract/ops-output.ts';
import {
  ContentError,
  type EnvironmentContent,
  type EnvironmentFormat,
  type KeyFormatName,
  type KeyPath,
  type SecretValues,
} from './content.ts';
import { valueAt } from './format.ts';
import { pageOf, withKeys } from './keys.ts';

export const WRITTEN_AS: Record<EnvironmentFormat, KeyFormatName> = {
  env: 'env',
  launchd: 'plist',
  'pm2-json': 'json',
  'pm2-yaml': 'yaml',
};

/** The text with the variables as they are to be, and what became of each; never a value. */
export function withVariables(text: string, content: EnvironmentContent, secrets: SecretValues) {
  const { format, set, remove } = content;
  const before = pageOf(WRITTEN_AS[format], text);
  const above = keyAbove(before.says, content);
  const keys = {
    set: Object.entries(set).map(([name, value]) => ({ key: [...above, name], value })),
    remove: remove.map((name) => [...above, name]),
  };
  const after = withKeys(before, keys, secrets);
  const [old, next] = [before, after].map(({ says }) => valueAt(says, above));
  return { text: after.text, environment: changesOf(old, next, content) };
}

/** Where a service's variables stand. */
function keyAbove(says: unknown, { format, service }: EnvironmentContent): KeyPath {
  if (format === 'env') return [];
  if (format === 'launchd') return ['EnvironmentVariables'];
  const apps = valueAt(says, ['apps']);
  const found = Array.isArray(apps) ? apps.flatMap((app, at) => (valueAt(app, ['name']) === service ? [at] : [])) : [];
  const [at, second] = found;
  if (at === undefined) throw new ContentError(`has no process ${service} in a list apps`);
  if (second !== undefined) throw new ContentError(`has more than one process ${service}`);
  return ['apps', at, 'env'];
}

function changesOf(old: unknown, next: unknown, { set, remove, service }: EnvironmentContent): EnvironmentChange[] {
  return [...Object.keys(set), ...remove].flatMap((variable) => {
    const [was, is] = [valueAt(old, [variable]), valueAt(next, [variable])];
    if (isDeepStrictEqual(was, is)) return [];
    const action = was === undefined ? 'added' : is === undefined ? 'removed' : 'modified';
    return [{ variable, action, service }];
  });
}
