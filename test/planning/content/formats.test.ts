import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parsePlist } from 'plist';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Json, KeyFormatName, KeyPath } from '../../../src/planning/content/content.ts';
import { pageOf, withKeys } from '../../../src/planning/content/keys.ts';

const set = (format: KeyFormatName, text: string, key: KeyPath, value: Json, secrets: Record<string, string> = {}) =>
  withKeys(pageOf(format, text), { set: [{ key, value }], remove: [] }, new Map(Object.entries(secrets))).text;
const remove = (format: KeyFormatName, text: string, key: KeyPath) =>
  withKeys(pageOf(format, text), { set: [], remove: [key] }, new Map()).text;

const PLIST = (inner: string) => `<plist version="1.0"><dict>${inner}</dict></plist>`;

describe('a value', () => {
  it.each<[KeyFormatName, string, KeyPath, Json, string]>([
    ['yaml', 'a: 1 # c\nb: 2\n', ['a'], 3, 'a: 3 # c\nb: 2\n'],
    ['yaml', 'a:\n  b: 1\n# end\nc: 2\n', ['a', 'd'], 'x', 'a:\n  b: 1\n  d: x\n# end\nc: 2\n'],
    ['yaml', 'a:\nb: 2\n', ['a', 'c', 'd'], true, 'a:\n  c:\n    d: true\nb: 2\n'],
    ['yaml', 'a: {}\n', ['a', 'c'], 'x, y', 'a: {c: "x, y"}\n'],
    ['yaml', 'a: ~\n', ['a', 'c'], 1, 'a: {c: 1}\n'],
    ['yaml', '# only\n', ['a'], 'on', '# only\na: "on"\n'],
    ['yaml', '', ['a', 'b'], ['x', 1], 'a:\n  b:\n    - x\n    - 1\n'],
    ['yaml', '- x\n- y: 1\n', [1, 'z'], 2, '- x\n- y: 1\n  z: 2\n'],
    ['yaml', 'a: |\n  x\n  y\nb: 1\n', ['a'], 'z', 'a: z\nb: 1\n'],
    ['yaml', 'a: 1\r\nb: 2\r\n', ['c'], 'x\ny', 'a: 1\r\nb: 2\r\nc: "x\\ny"\r\n'],
    ['json', '', ['a'], 1, '{\n  "a": 1\n}\n'],
    ['json', '{"a":1}', ['b'], [1, 'x'], '{"a":1, "b": [\n  1,\n  "x"\n]}'],
    ['json', '{\n\t"a": 1 // one\n}\n', ['b'], 2, '{\n\t"a": 1, // one\n\t"b": 2\n}\n'],
    ['json', '{\n  "a": 1, // one\n}\n', ['b'], 2, '{\n  "a": 1, // one\n  "b": 2,\n}\n'],
    ['json', '{"a": {}}\r\n', ['a', 'b'], 'ü', '{"a": {\r\n  "b": "ü"\r\n}}\r\n'],
    ['ini', '', ['s', 'a'], 1, '[s]\na = 1\n'],
    ['ini', '[s]\n\ta=1\n[t]\n', ['s', 'b'], true, '[s]\n\ta=1\n\tb=true\n[t]\n'],
    ['ini', '[s]\na = 1\n', ['top'], 'x', 'top = x\n[s]\na = 1\n'],
    ['env', 'export A=1\n', ['B'], 'x y', "export A=1\nexport B='x y'\n"],
    ['env', "A='one\ntwo' # c\nB=2", ['A'], "it's", 'A="it\'s" # c\nB=2'],
    [
      'plist',
      PLIST(''),
      ['A', 'B'],
      'a<&b',
      PLIST('\n\t<key>A</key>\n\t<dict>\n\t\t<key>B</key>\n\t\t<string>a&lt;&amp;b</string>\n\t</dict>\n'),
    ],
    ['plist', PLIST('<key>A</key><true/>'), ['A'], 1.5, PLIST('<key>A</key><real>1.5</real>')],
  ])('of %s in %j at %j becomes %j', (format, text, key, value, expected) => {
    expect(set(format, text, key, value)).toBe(expected);
  });

  it.each<[KeyFormatName, string, KeyPath, string]>([
    ['yaml', 'a:\n  b: 1\nc: 2\n', ['a', 'b'], 'a:\n  {}\nc: 2\n'],
    ['yaml', '- a: 1\n  b: 2\n', [0, 'a'], '- b: 2\n'],
    ['yaml', 'x: {a: 1, b: 2, c: 3}', ['x', 'b'], 'x: {a: 1, c: 3}'],
    ['json', '{\n  "a": 1,\n  "b": 2 // two\n}', ['b'], '{\n  "a": 1\n}'],
    ['json', '{"a":1,"b":2}', ['a'], '{"b":2}'],
    ['json', '{ "a": 1 }', ['a'], '{}'],
    ['env', "A='x\ny'\nB=1\n", ['A'], 'B=1\n'],
  ])('of %s in %j at %j goes', (format, text, key, expected) => {
    expect(remove(format, text, key)).toBe(expected);
  });

  it('that is already so stays as it is written', () => {
    const texts: [KeyFormatName, string, Json][] = [
      ['yaml', "a:   'x'\n", 'x'],
      ['json', '{"a":1.0}', 1],
      ['ini', 'a   =   x  ', 'x'],
      ['env', 'a="x"', 'x'],
      ['plist', PLIST('<key>a</key>  <string>&#120;</string>'), 'x'],
    ];
    for (const [format, text, value] of texts) expect(set(format, text, ['a'], value)).toBe(text);
  });

  it('may be a secret, which is put as it is', () => {
    expect(set('env', '', ['A'], 'secret:file/a', { 'secret:file/a': "o'$x" })).toBe('A="o\'\\$x"\n');
  });
});

describe('what cannot be understood is refused with its line, and nothing of it is quoted', () => {
  it.each<[KeyFormatName, string, string]>([
    ['yaml', 'a: 1\n\tb: hunter22\n', 'line 2: '],
    ['yaml', 'a: 1\nb: 2\na: hunter22\n', 'line 3: duplicate-key'],
    ['yaml', 'a: 1\n---\nhunter22: 2\n', 'line 2: multiple-docs'],
    ['yaml', 'a: *hunter22\n', 'its aliases stand for too much, or for what is not there'],
    [
      'yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
        .split('')
        .map((name, at) => `${name}: &${name} [${`*${'abcdefghi'[at]},`.repeat(9)}]`)
        .join('\n')}\n`,
      'its aliases stand for too much',
    ],
    ['json', '{\n"a": hunter22}', 'line 2: InvalidSymbol'],
    ['json', '{"a": 1,\n "a": 2}', 'line 2: a key that stands there already'],
    ['ini', 'a = 1\n[a]\n', 'has a section and a value of the same name'],
    ['env', 'A=1\nif [ hunter22 ]; then\n', 'line 2: neither a variable nor a comment'],
    ['env', "A=1\nB='hunter22\n", 'line 2: a quote is not closed'],
    ['plist', '<plist>\n<dict><key>a</key></dict></plist>', 'line 2: keys and values must alternate'],
    ['plist', `<!DOCTYPE plist [<!ENTITY x "hunter22">]>\n${PLIST('')}`, 'line 1: no XML of a property list'],
    ['plist', '<plist><dict>\n<script>hunter22</script></dict></plist>', 'line 2: does not belong there'],
    ['plist', '<plist><dict>\n<key>a</key><string>x</string></plist>', 'line 2: '],
    [
      'plist',
      PLIST('<key>a</key><string>x</string>\n<key>a</key><string>y</string>'),
      'line 2: a key that stands there already',
    ],
  ])('%s of %j', (format, text, message) => {
    const attempts = [() => set(format, text, ['zz'], 'x'), () => remove(format, text, ['zz'])];
    for (const attempt of attempts) {
      expect(attempt).toThrow(message);
      expect(attempt).not.toThrow('hunter22');
      expect(attempt).toThrow(expect.objectContaining({ name: 'ContentError' }));
    }
  });
});

describe('what cannot be changed alone is refused', () => {
  it.each<[KeyFormatName, string, KeyPath, Json]>([
    ['yaml', 'a: &x {b: 1}\nc: *x\n', ['a', 'b'], 2],
    ['yaml', 'a: &x {b: 1}\nc: *x\n', ['c', 'b'], 2],
    ['yaml', 'a: [1, 2]\n', ['a', 2], 3],
    ['yaml', 'a: [1, 2]\n', ['a', 'b'], 3],
    ['yaml', 'a: text\n', ['a', 'b'], 3],
    ['yaml', 'a: !!str 5\n', ['a'], 6],
    ['json', '[1]', ['a'], 1],
    ['json', '{"a": null}', ['a', 'b'], 1],
    ['ini', '[s]\na = 1\na = 2\n', ['s', 'a'], 3],
    ['ini', '[s]\na = 1\n', ['s'], 3],
    ['ini', '', ['s', 'a', 'b'], 3],
    ['ini', '', ['a'], ' x'],
    ['ini', '', ['a'], { b: 1 }],
    ['ini', '', ['a]\n[b'], 1],
    ['env', 'A=1\nA=2\n', ['A'], 3],
    ['env', '', ['A', 'B'], 3],
    ['env', '', ['A B'], 3],
    ['env', '', ['A'], 'x\ny'],
    ['env', '', ['A'], null],
    ['plist', PLIST('<key>A</key><string>x</string>'), ['A', 'B'], 1],
    ['plist', PLIST(''), ['A'], [null]],
  ])('%s of %j at %j', (format, text, key, value) => {
    expect(() => set(format, text, key, value)).toThrow(expect.objectContaining({ name: 'ContentError' }));
  });
});

it.each<[KeyFormatName, (name: string) => string, string, string]>([
  ['yaml', (name) => `${name}: x\n`, '', ''],
  ['json', (name) => `  "${name}": 1,\n`, '{\n', '  "last": 1\n}\n'],
  ['ini', (name) => `${name} = x\n`, '', ''],
  ['env', (name) => `${name}=x\n`, '', ''],
  ['plist', (name) => `<key>${name}</key><true/>\n`, '<plist><dict>', '</dict></plist>'],
])('a large file of %s does not hold up the daemon for minutes', (format, entry, head, tail) => {
  const text = head + Array.from({ length: 15_000 }, (_, at) => entry(`V${at}`)).join('') + tail;
  expect(set(format, text, ['NEW'], 'x').length).toBeGreaterThan(text.length);
});

describe('what others read', () => {
  const SHARP = [
    `a'b"c$d\`e\\f`,
    "'",
    '"',
    '\\',
    '$(id)',
    '`id`',
    ' a  b ',
    '#',
    '!',
    '~',
    '*',
    'ü🌱',
    '',
    'a=b',
    '\\n',
    "\\'",
  ];

  it('of an env file is what was set: by a shell', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'env-')), 'web.env');
    onTestFinished(() => rmSync(join(path, '..'), { recursive: true }));
    const text = SHARP.reduce((left, value, at) => set('env', left, [`V${at}`], value), '# c\n');
    writeFileSync(path, text);
    const script = 'set -a; . "$1"; exec "$2" -p "JSON.stringify(process.env)"';
    const out = execFileSync('/bin/sh', ['-c', script, 'sh', path, process.execPath], { env: {}, encoding: 'utf8' });
    expect(SHARP.map((_, at) => (JSON.parse(out) as Record<string, string>)[`V${at}`])).toEqual(SHARP);
  });

  it('of a property list is what was set: by the library', () => {
    const text = SHARP.reduce((left, value, at) => set('plist', left, [`V${at}`], value), PLIST(''));
    const read = parsePlist(text) as Record<string, string>;
    expect(SHARP.map((_, at) => read[`V${at}`])).toEqual(SHARP);
  });

  it('of YAML is the same text for readers of YAML 1.1', () => {
    const words = [
      'on',
      'yes',
      'no',
      'off',
      'y',
      '1_000',
      '0o7',
      '017',
      '1:30',
      'null',
      '~',
      '2001-01-01',
      '.inf',
      '1e3',
    ];
    const text = words.reduce((left, value, at) => set('yaml', left, [`V${at}`], value), '');
    const read = parseYaml(text, { version: '1.1' }) as Record<string, unknown>;
    expect(words.map((_, at) => read[`V${at}`])).toEqual(words);
  });
});
