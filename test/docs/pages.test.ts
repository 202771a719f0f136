import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pages } from '../../scripts/docs/pages.ts';
import { schemaOf, tableOf } from '../../scripts/docs/table.ts';

describe('a generated page', () => {
  it.each(pages().map(([path, text]) => [basename(path), path, text] as const))(
    '%s is committed as "npm run docs" writes it',
    (_, path, text) => expect(readFileSync(path, 'utf8')).toBe(text),
  );
});

const takes = (type: z.ZodType): string | undefined =>
  / \| (.*) \|  \|$/.exec(tableOf(schemaOf(z.strictObject({ it: type }))).split('\n')[2] ?? '')?.[1];

describe('what a field takes', () => {
  it.each([
    [z.string(), 'text'],
    [z.string().min(1).max(9), 'text, at most 9 characters'],
    [z.string().regex(/^a|b$/), 'text like `a\\|b`'],
    [z.int(), 'whole number'],
    [z.int().min(1), 'whole number, at least 1'],
    [z.number().max(1000), 'number, at most 1,000'],
    [z.int().min(10).max(20).optional(), 'whole number, 10 to 20'],
    [z.literal(true), '`true`'],
    [z.enum(['a', 'b']), '`a`, `b`'],
    [z.array(z.boolean()).min(2).max(3), 'list of `true` or `false`, 2 to 3 of them'],
    [z.record(z.string(), z.int()), 'whole number, by name'],
    [z.union([z.literal('x'), z.strictObject({ y: z.int() })]), '`x` or { `y`: whole number }'],
    [z.string().meta({ title: 'a <name>' }).nullable(), 'a \\<name>'],
    [z.unknown(), 'anything'],
    [z.date(), 'anything'],
  ])('case %#', (type, words) => expect(takes(type)).toBe(words));

  it('of a field is told field by field, of what has a name by that', () => {
    const inner = z.strictObject({ a: z.string().describe('An a.'), b: z.array(z.strictObject({ c: z.int() })) });
    const named = inner.meta({ id: 'some thing' });
    expect(
      tableOf(schemaOf(z.strictObject({ x: inner.optional(), y: named })))
        .split('\n')
        .slice(2),
    ).toEqual([
      '| `x`, optional | fields |  |',
      '| `x.a` | text | An a. |',
      '| `x.b` | list of fields |  |',
      '| `x.b[].c` | whole number |  |',
      '| `y` | [some thing](#some-thing) |  |',
    ]);
  });
});
