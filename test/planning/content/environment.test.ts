import { describe, expect, it } from 'vitest';
import type { EnvironmentContent } from '../../../src/planning/content/content.ts';
import { rendered } from '../../../src/planning/content/render.ts';

const SECRETS = new Map([['secret:file/db', 'correct-horse']]);
const of = (text: string, wanted: Partial<EnvironmentContent>) =>
  rendered(
    Buffer.from(text),
    { type: 'environment', format: 'env', service: 'web', set: {}, remove: [], ...wanted },
    SECRETS,
  );

const EMPTY = { yaml: '', json: '', ini: '', plist: '<plist version="1.0"><dict></dict></plist>', env: '' };

describe('variables', () => {
  it('of an env file change, and only their names are told', () => {
    const set = { A: '1', B: '2', C: 'secret:file/db' };
    const { text, environment } = of('A=1\nB=1\nD=4\n', { set, remove: ['D', 'E'] });
    expect(text).toBe('A=1\nB=2\nC=correct-horse\n');
    expect(environment).toEqual([
      { variable: 'B', action: 'modified', service: 'web' },
      { variable: 'C', action: 'added', service: 'web' },
      { variable: 'D', action: 'removed', service: 'web' },
    ]);
    expect(of(text, { set, remove: ['D', 'E'] })).toEqual({ text, environment: [] });
  });

  it('of a launchd plist stand in its EnvironmentVariables', () => {
    const text = '<plist version="1.0"><dict><key>Label</key><string>web</string></dict></plist>';
    const { text: after, environment } = of(text, { format: 'launchd', set: { A: '1' } });
    expect(after).toContain('<key>EnvironmentVariables</key>');
    expect(after).toContain('<key>A</key>');
    expect(environment).toEqual([{ variable: 'A', action: 'added', service: 'web' }]);
  });

  it.each([
    [
      'pm2-json',
      '{"apps": [{"name": "api"}, {"name": "web", "env": {"A": "0"}}]}',
      '{"name": "web", "env": {"A": "1"}}',
    ],
    [
      'pm2-yaml',
      'apps:\n  - name: api\n  - name: web\n    env:\n      A: "0"\n',
      '- name: web\n    env:\n      A: "1"\n',
    ],
  ] as const)('of a pm2 process are found by its name in %s', (format, text, expected) => {
    const { text: after, environment } = of(text, { format, set: { A: '1' } });
    expect(after).toContain(expected);
    expect(environment).toEqual([{ variable: 'A', action: 'modified', service: 'web' }]);
  });

  it.each([
    ['{"apps": [{"name": "api"}]}', 'has no process web in a list apps'],
    ['{"apps": {"web": {}}}', 'has no process web in a list apps'],
    ['{"apps": [{"name": "web"}, {"name": "web"}]}', 'has more than one process web'],
  ])('of %s are refused', (text, message) => {
    expect(() => of(text, { format: 'pm2-json', set: { A: '1' } })).toThrow(message);
  });
});

describe('a file', () => {
  const line = { type: 'line', match: { exactly: 'x' }, line: 'x', place: { at: 'end' } } as const;
  const edit = (bytes: Uint8Array) => rendered(bytes, line, new Map()).text;

  it('keeps its byte order mark', () => {
    expect(edit(Buffer.from('\uFEFFa\n'))).toBe('\uFEFFa\nx\n');
    expect(edit(Buffer.from('\uFEFFx\n'))).toBe('\uFEFFx\n');
  });

  it.each([
    ['is larger than 1024 KiB: write it as a whole', Buffer.alloc(1024 * 1024 + 1, 'a')],
    ['is no text in UTF-8', Buffer.from([0x61, 0xff, 0x0a])],
    ['is no text in UTF-8', Buffer.from('\uFEFFa\n', 'utf16le')],
    ['is no text in UTF-8', Buffer.from('a\0b')],
    ['is a binary property list: have plutil -convert xml1 make a text of it first', Buffer.from('bplist00\u0001')],
  ])('that %s is refused', (message, bytes) => {
    expect(() => edit(bytes)).toThrow(message);
  });

  it.each([
    ['yaml', 128],
    ['json', 512],
    ['ini', 512],
    ['plist', 512],
    ['env', 512],
  ] as const)('of %s is refused above %i KiB, with what to do', (format, kib) => {
    const key = { type: 'keys', format, set: [{ key: ['A'], value: 'x' }], remove: [] } as const;
    const edited = (bytes: number) => () => rendered(Buffer.from(EMPTY[format].padEnd(bytes, '\n')), key, new Map());
    expect(edited(kib * 1024 + 1)).toThrow(
      `is larger than ${kib} KiB: change it by line (config.line, config.block), or write it as a whole`,
    );
    expect(edited(kib * 1024)).not.toThrow();
  });

  it('is edited up to 1 MiB', () => {
    expect(edit(Buffer.alloc(1024 * 1024, 'a')).endsWith('a\nx')).toBe(true);
  });
});
