import { assert, constantFrom, property, string, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withBlock } from '../../../src/planning/content/block.ts';
import type { BlockContent, LineContent, Place } from '../../../src/planning/content/content.ts';
import { withLine } from '../../../src/planning/content/line.ts';

const END: Place = { at: 'end' };
const block = (text: string, wanted: string | null, more: Partial<BlockContent> = {}) =>
  withBlock(text, { type: 'block', name: 'web', comment: '#', text: wanted, place: END, ...more });
const line = (text: string, wanted: Partial<LineContent>) =>
  withLine(text, { type: 'line', match: { exactly: 'x' }, line: 'x', place: END, ...wanted });

/** Texts of any line ends. */
const anyText = string({ unit: constantFrom('a', 'b', ' ', '\n', '\n', '\r\n', '\r', '#', 'ü') }).filter(
  (text) => !text.endsWith('\r'),
);
const marked = (...lines: string[]) => ['# BEGIN savorg-ops web', ...lines, '# END savorg-ops web'];

describe('a block', () => {
  it('is the same when it is written again, and gone without a trace when it is removed', () => {
    assert(
      property(anyText, tuple(anyText, anyText), (text, [first, second]) => {
        const once = block(text, first);
        expect(block(once, first)).toBe(once);
        expect(block(block(once, second), first)).toBe(once);
        expect(block(once, null)).toBe(text);
        expect(block(text, null)).toBe(text);
      }),
    );
  });

  it.each([
    ['', 'a\n', marked('a'), '\n'],
    ['x', 'a', ['x', ...marked('a')], ''],
    ['x\r\n', 'a\nb\n', ['x', ...marked('a', 'b')], '\r\n'],
    ['x\n', '', ['x', ...marked()], '\n'],
    ['x\n', 'a\n\n', ['x', ...marked('a', '')], '\n'],
  ])('in %j of %j ends its lines as the file does', (text, content, lines, end) => {
    const joint = text.includes('\r') ? '\r\n' : '\n';
    expect(block(text, content)).toBe(lines.join(joint) + end);
  });

  it('goes where it is told, and stays where it is', () => {
    expect(block('a\nb\n', 'x', { place: { after: 'a' } })).toBe(`a\n${marked('x').join('\n')}\nb\n`);
    const first = block('a\nb\n', 'x', { place: { before: 'a' } });
    expect(first).toBe(`${marked('x').join('\n')}\na\nb\n`);
    expect(block(first, 'y', { place: { after: 'b' } })).toBe(first.replace('x', 'y'));
  });

  it.each([
    ['has no line "c"', 'a\nb\n'],
    ['has the line "c" more than once', 'c\nc\n'],
  ])('is refused where the file %s', (message, text) => {
    expect(() => block(text, 'x', { place: { after: 'c' } })).toThrow(message);
  });

  it.each([
    ['without its end', '# BEGIN savorg-ops web\nx\n', 'line 1'],
    ['without its beginning', 'x\n# END savorg-ops web\n', 'line 2'],
    ['the wrong way round', '# END savorg-ops web\n# BEGIN savorg-ops web\n', 'line 1, 2'],
    ['twice', [...marked('x'), ...marked('x')].join('\n'), 'line 1, 3, 4, 6'],
    ['with another sign', '; BEGIN savorg-ops web\n; END savorg-ops web\n', 'line 1, 2'],
    ['indented', '  # BEGIN savorg-ops web\n# END savorg-ops web\n', 'line 1, 2'],
    ['around another block', marked('# BEGIN savorg-ops db', '# END savorg-ops db').join('\n'), 'line 1, 4, 2, 3'],
  ])('is refused where its markers stand %s', (_, text, where) => {
    const message = `the markers of the block web are not one pair of "# BEGIN savorg-ops web" and "# END savorg-ops web" (${where}): mend them by hand`;
    expect(() => block(text, 'y')).toThrow(message);
    expect(() => block(text, null)).toThrow(message);
  });

  it('is refused behind a half line end: a whole one would be made of it', () => {
    expect(() => block('x\r', 'y')).toThrow('ends in the middle of a line end');
  });

  it('is not mistaken for one of a longer name', () => {
    const other = marked('x').join('\n').replaceAll('web', 'web.old');
    expect(block(other, 'y')).toBe(`${other}\n${marked('y').join('\n')}`);
  });
});

describe('a line', () => {
  it('is the same when it is written again, and gone without a trace when it is removed', () => {
    assert(
      property(anyText, (text) => {
        const once = line(text, {});
        expect(line(once, {})).toBe(once);
        expect(line(once, { line: null })).toBe(text);
      }),
    );
  });

  it('replaces the one that begins so', () => {
    const wanted = { match: { startsWith: 'port' }, line: 'port = 2' };
    expect(line('# port\nport = 1\r\nhost = a', wanted)).toBe('# port\nport = 2\r\nhost = a'.replace('\r\n', '\n'));
    expect(line('host = a', wanted)).toBe('host = a\nport = 2');
    expect(line('port = 1', { ...wanted, line: null })).toBe('');
    expect(() => line('port = 1\nport = 3\n', wanted)).toThrow('has 2 lines that begin with "port"');
  });

  it('goes where it is told, and every one of it goes away', () => {
    expect(line('a\nb', { place: { before: 'b' } })).toBe('a\nx\nb');
    expect(line('x\na\nx\nb\nx', { line: null })).toBe('a\nb');
  });
});
