import { type Arbitrary, assert, boolean, constantFrom, integer, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, KeyFormatName, KeyPath } from '../../../src/planning/content/content.ts';
import { valueAt } from '../../../src/planning/content/format.ts';
import { pageOf, withKeys } from '../../../src/planning/content/keys.ts';

const NONE = new Map<string, string>();
const set = (format: KeyFormatName, text: string, key: KeyPath, value: Json) =>
  withKeys(pageOf(format, text), { set: [{ key, value }], remove: [] }, NONE).text;
const remove = (format: KeyFormatName, text: string, key: KeyPath) =>
  withKeys(pageOf(format, text), { set: [], remove: [key] }, NONE).text;

/** INI and env files hold texts only. */
const heldBy = (format: KeyFormatName, value: Json): Json =>
  format === 'ini' || format === 'env' ? `${value as string | number | boolean}` : value;

interface Sample {
  format: KeyFormatName;
  text: string;
  /** Keys that stand there, and keys that do not. */
  present: KeyPath[];
  absent: KeyPath[];
}

const SAMPLES: Sample[] = [
  {
    format: 'yaml',
    text: [
      '# of the web server',
      "name:   'web'   # not quoted for fun",
      'server:',
      '    port: 8080',
      '',
      '    hosts: [ "a",b ]',
      '    # the last one',
      'list:',
      '- x: 1',
      '  y: 2   # two',
      '-   z',
      'text: |',
      '  one',
      '',
      '  two',
      'folded: >-',
      '   x',
      '',
      'flow: {a: 1,b: 2}',
      'empty: {}',
      'nothing:',
      '8080: number',
      'last: "ü"',
    ].join('\n'),
    present: [
      ['name'],
      ['server', 'port'],
      ['server', 'hosts'],
      ['list', 0, 'x'],
      ['list', 0, 'y'],
      ['text'],
      ['folded'],
      ['flow', 'a'],
      ['flow', 'b'],
      ['8080'],
      ['last'],
      ['server'],
      ['nothing'],
    ],
    absent: [
      ['new'],
      ['server', 'new'],
      ['list', 0, 'new'],
      ['flow', 'new'],
      ['server', 'deep'],
      ['__proto__'],
      ['server', 'constructor'],
    ],
  },
  {
    format: 'json',
    text: [
      '{',
      '  // of the web server',
      '  "name" : "web",',
      '  "server": {"port":8080, "on":true},',
      '\t"list": [ 1,',
      ' {"a":null}],',
      '  "last": 1.50',
      '}',
    ].join('\n'),
    present: [['name'], ['server', 'port'], ['server', 'on'], ['list', 1, 'a'], ['last'], ['list']],
    absent: [['new'], ['server', 'new'], ['list', 1, 'b'], ['__proto__'], ['server', 'constructor']],
  },
  {
    format: 'ini',
    text: [
      '; first',
      'top=1',
      '',
      '[server]',
      '\tport = 8080',
      'host=a b ; all of it',
      'bare',
      '# c',
      '',
      '[empty]',
      '[last]',
      'x =  y  ',
    ].join('\n'),
    present: [['top'], ['server', 'port'], ['server', 'host'], ['last', 'x']],
    absent: [['new'], ['server', 'new'], ['last', 'new'], ['empty', 'new'], ['__proto__'], ['server', 'constructor']],
  },
  {
    format: 'env',
    text: [
      '# c',
      'A=1',
      "export B='two  words'  # it's",
      'C="x \\"y\\" \\$z"',
      '',
      "D='one",
      "two'",
      'E=$A/bin',
      'F=a b',
      'G=a\\ b',
      'H=',
    ].join('\n'),
    present: [['A'], ['B'], ['C'], ['D'], ['E'], ['F'], ['G'], ['H']],
    absent: [['NEW'], ['__proto__'], ['constructor']],
  },
  {
    format: 'plist',
    text: [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
      '<plist version="1.0"><dict>',
      '  <key>Label</key> <string>a &amp; b</string>',
      '  <!-- how -->',
      '  <key>Env</key>',
      '  <dict>',
      '    <key>A</key>   <string></string>',
      '  </dict>',
      '  <key>R</key><real>1.0</real>',
      '  <key>Big</key><integer>99999999999999999999</integer>',
      '  <key>On</key><true/>',
      '  <key>Args</key><array><string>x</string><integer>3</integer></array>',
      '  <key>D</key><data>AAEC</data>',
      '</dict></plist>',
    ].join('\n'),
    present: [['Label'], ['Env', 'A'], ['R'], ['Big'], ['On'], ['Args', 0], ['Args'], ['D'], ['Env']],
    absent: [['New'], ['Env', 'New'], ['__proto__'], ['Env', 'constructor']],
  },
];

/** The same file as others write it. */
const variants = SAMPLES.flatMap((sample) =>
  [
    ['as it is', sample.text],
    ['with a final newline', `${sample.text}\n`],
    ['with CRLF', `${sample.text}\n`.replaceAll('\n', '\r\n')],
    ['with CRLF and no final one', sample.text.replaceAll('\n', '\r\n')],
  ].map(([how = '', text = '']) => ({ ...sample, text, name: `${sample.format} ${how}` })),
);

const scalar = (format: KeyFormatName): Arbitrary<Json> =>
  format === 'ini' || format === 'env'
    ? oneof(integer(), boolean(), line).filter((value) => String(value) === String(value).trim())
    : oneof(integer(), boolean(), line, string());
const line = string({ unit: constantFrom('🌱', ...`aB0 '"\\$\`#;:={}[],&*!|>%@~-?<ü/.`.split('')) });

describe.each(variants)('$name', ({ format, text, present, absent }) => {
  const keys = [...present, ...absent];

  it('says afterwards what was set, and is not changed by the same again', () => {
    assert(
      property(constantFrom(...keys), scalar(format), (key, value) => {
        const after = set(format, text, key, value);
        expect(valueAt(pageOf(format, after).says, key)).toEqual(heldBy(format, value));
        expect(set(format, after, key, value)).toBe(after);
      }),
    );
  });

  it('is byte for byte as before when what was not there is set and removed', () => {
    assert(
      property(constantFrom(...absent), scalar(format), (key, value) => {
        expect(remove(format, set(format, text, key, value), key)).toBe(text);
      }),
    );
  });

  it('loses what is removed, and nothing else', () => {
    for (const key of present) {
      if (typeof key.at(-1) === 'number') continue;
      const after = remove(format, text, key);
      expect(valueAt(pageOf(format, after).says, key)).toBeUndefined();
      expect(remove(format, after, key)).toBe(after);
    }
  });
});
