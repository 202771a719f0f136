import { describe, expect, it } from 'vitest';
import { block } from '../../../jobs/config/block.ts';
import { env } from '../../../jobs/config/env.ts';
import { file } from '../../../jobs/config/file.ts';
import { key } from '../../../jobs/config/key.ts';
import { line } from '../../../jobs/config/line.ts';
import type { AnyAction } from '../../../src/planning/action.ts';

const present = { exists: true, sha256: 'a'.repeat(64), mode: '0600', uid: 501, gid: 20 } as const;
const path = '/srv/web/conf';
const REF = 'secret:file/web';

const VALID: Record<string, [AnyAction, object]> = {
  template: [file, { path, template: 'a={{a}}{{#b}}b{{/b}}', variables: { a: REF, b: true } }],
  block: [block, { path, name: 'web', content: 'a\n' }],
  line: [line, { path, line: 'a = 1' }],
  key: [key, { path, format: 'yaml', set: [{ key: ['a', 0], value: REF }], remove: [['b']] }],
  env: [env, { path, format: 'env', service: 'web', set: { A: REF }, remove: ['B'] }],
};

describe.each(Object.entries(VALID))('%s', (name, [action, input]) => {
  it('needs its path and its secrets', () => {
    const secrets = ['template', 'key', 'env'].includes(name) ? [REF] : [];
    expect(action.needs(action.input.parse(input))).toEqual([`path:${path}`, ...secrets]);
  });

  it('plans one step, with references and nothing of the file, and the check that it names', () => {
    const check = { type: 'process', service: 'web', name: 'web' } as const;
    const plan = action.plan(action.input.parse({ ...input, check }), { file: present, owner: null });
    expect(plan).toMatchObject([
      { kind: 'file', path, target: path, before: present },
      { kind: 'probe', probe: check },
    ]);
  });

  it.runIf(name !== 'template')('needs a file, or the word that it may begin as an empty one', () => {
    const facts = { file: { exists: false }, owner: null } as const;
    const message = `${path} does not exist: say create: true if it shall begin as an empty file`;
    expect(() => action.plan(action.input.parse(input), facts)).toThrow(message);
    expect(action.plan(action.input.parse({ ...input, create: true }), facts)).toHaveLength(1);
  });
});

it.each([
  ['template', { content: 'a' }],
  ['template', { template: undefined }],
  ['template', { variables: undefined }],
  ['template', { variables: { a: 'x' } }],
  ['template', { variables: { a: 'x', b: true, c: 'y' } }],
  ['template', { variables: { a: 'secret:nowhere/a', b: true } }],
  ['template', { mode: '0644' }],
  ['template', { mode: '0601' }],
  ['template', { create: true }],
  ['block', { content: undefined }],
  ['block', { absent: true }],
  ['block', { content: '# END savorg-ops web' }],
  ['block', { content: 'x\n  // BEGIN savorg-ops other' }],
  ['block', { name: 'web\n' }],
  ['block', { comment: 'x\n' }],
  ['block', { after: 'a', before: 'b' }],
  ['block', { after: 'a\nb' }],
  ['line', { line: 'a\nb' }],
  ['line', { line: '' }],
  ['line', { line: undefined }],
  ['line', { starts_with: 'b' }],
  ['line', { absent: true, starts_with: 'a' }],
  ['key', { set: undefined, remove: undefined }],
  ['key', { set: [] }],
  ['key', { format: 'toml' }],
  ['key', { set: [{ key: [], value: 1 }] }],
  ['key', { set: [{ key: [-1], value: 1 }] }],
  ['key', { set: [{ key: ['a'] }] }],
  ['key', { set: [{ key: ['a'], value: 'secret:nowhere/x' }] }],
  ['key', { set: [{ key: ['a'], value: [REF] }] }],
  ['key', { set: [{ key: ['b'], value: 1 }] }],
  ['key', { set: [{ key: ['b', 'c'], value: 1 }] }],
  ['key', { remove: [['a']] }],
  ['key', { mode: '0644' }],
  ['env', { set: undefined, remove: undefined }],
  ['env', { set: {}, remove: undefined }],
  ['env', { set: { 'A B': 'x' } }],
  ['env', { set: { B: 'x' } }],
  ['env', { remove: ['B', 'B'] }],
  ['env', { service: '' }],
  ['env', { mode: '0604' }],
])('%s is refused with %j', (name, wrong) => {
  const [action, input] = VALID[name] ?? [];
  expect(action?.input.safeParse(input).success).toBe(true);
  expect(action?.input.safeParse({ ...input, ...wrong }).success).toBe(false);
});

it('keys that only begin alike are apart', () => {
  const set = [['a'], ['ab'], ['a.b'], ['c', 1], ['c', 10]].map((own) => ({ key: own, value: 1 }));
  expect(key.input.safeParse({ path, format: 'yaml', set }).success).toBe(true);
});
