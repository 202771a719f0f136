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
import { FORMATS, withKeys } from './keys.ts';

const WRITTEN_AS: Record<EnvironmentFormat, KeyFormatName> = {
  env: 'env',
  launchd: 'plist',
  'pm2-json': 'json',
  'pm2-yaml': 'yaml',
};

/** The text with the variables as they are to be. */
export function withVariables(text: string, content: EnvironmentContent, secrets: SecretValues): string {
  const { set, remove } = content;
  const above = keyAbove(text, content);
  const keys = {
    format: WRITTEN_AS[content.format],
    set: Object.entries(set).map(([name, value]) => ({ key: [...above, name], value })),
    remove: remove.map((name) => [...above, name]),
  };
  return withKeys(text, keys, secrets);
}

/** Where a service's variables stand. */
function keyAbove(text: string, { format, service }: EnvironmentContent): KeyPath {
  if (format === 'env') return [];
  if (format === 'launchd') return ['EnvironmentVariables'];
  const apps = valueAt(FORMATS[WRITTEN_AS[format]].parse(text), ['apps']);
  const found = Array.isArray(apps) ? apps.flatMap((app, at) => (valueAt(app, ['name']) === service ? [at] : [])) : [];
  const [at, second] = found;
  if (at === undefined) throw new ContentError(`has no process ${service} in a list apps`);
  if (second !== undefined) throw new ContentError(`has more than one process ${service}`);
  return ['apps', at, 'env'];
}

/** What became of the variables that the content names; never a value. */
export function variableChanges(before: string, after: string, content: EnvironmentContent): EnvironmentChange[] {
  const format = FORMATS[WRITTEN_AS[content.format]];
  const [old, next] = [before, after].map((text) => {
    const all = valueAt(format.parse(text), keyAbove(text, content));
    return (name: string) => valueAt(all, [name]);
  });
  return [...Object.keys(content.set), ...content.remove].flatMap((variable) => {
    const [was, is] = [old?.(variable), next?.(variable)];
    if (isDeepStrictEqual(was, is)) return [];
    const action = was === undefined ? 'added' : is === undefined ? 'removed' : 'modified';
    return [{ variable, action, service: content.service }];
  });
}
