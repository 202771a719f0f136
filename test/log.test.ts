import { describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../src/log.ts';
import { readable, readEntry } from '../src/log-text.ts';
import { Redactor } from '../src/secret.ts';

const KEYS = ['level', 'time', 'service', 'task_id', 'action', 'outcome', 'reason', 'duration_ms', 'detail', 'event'];

/** What a call of the logger writes. */
function lineOf(say: (log: Logger) => void, secrets: string[] = []): string {
  const lines: string[] = [];
  const redactor = new Redactor(secrets);
  say(createLogger({ redactor, sinks: [(line) => lines.push(line)] }));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}

describe('a line of the log', () => {
  it('has the same keys whatever is said', () => {
    const full = { task_id: 't-1', action: 'config.file', outcome: 'applied', reason: 'r', duration_ms: 3, detail: {} };
    expect(Object.keys(JSON.parse(lineOf((log) => log.info({}, 'ready'))))).toEqual(KEYS);
    const entry = JSON.parse(lineOf((log) => log.info(full, 'step-applied')));
    expect(Object.keys(entry)).toEqual(KEYS);
    expect(entry).toMatchObject({ ...full, service: 'savorg-ops', event: 'step-applied', level: 30 });
    expect(entry.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('goes to every sink', () => {
    const [a, b]: [string[], string[]] = [[], []];
    const sinks = [(line: string) => a.push(line), (line: string) => b.push(line)];
    createLogger({ redactor: new Redactor(), sinks }).warn({}, 'x');
    expect([a.length, a]).toEqual([1, b]);
  });

  it.each([
    ['newlines and an escape', 'a\nb\r\n\u001b[2Jc\u0000'],
    ['C1 controls and DEL', '\u009b2J\u007f'],
    ['a copy to the clipboard', '\u001b]52;c;Zm9v\u0007'],
    ['a line of its own', '"}\n{"level":30,"service":"savorg-ops","event":"concluded","outcome":"completed"}'],
    ['line separators', 'a\u2028b\u2029c'],
    ['bidi marks', '\u202eevil\u2066\u061c'],
  ])('T25: is one line of plain characters, and whole again when it is parsed: %s', (_, reason) => {
    const line = lineOf((log) => log.info({ task_id: reason, reason, detail: { [reason]: reason } }, reason));
    expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
    expect(line.at(-1)).toBe('\n');
    expect(JSON.parse(line)).toMatchObject({ task_id: reason, reason, detail: { [reason]: reason }, event: reason });
  });

  it.each([
    ['text', 'x'.repeat(100_000)],
    ['characters that are escaped', '\u0001'.repeat(100_000)],
    ['separators that are escaped', '\u2028'.repeat(6_000)],
  ])('is at most 16 KiB of valid JSON: %s', (_, text) => {
    const fields = { task_id: text, action: text, outcome: text, reason: text, detail: { text } };
    const line = lineOf((log) => log.error(fields, text));
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(16 * 1024);
    expect(Object.keys(JSON.parse(line))).toEqual(KEYS);
    expect(JSON.parse(line).reason).toBe(`${text.slice(0, 500)}…`);
  });

  it('keeps a stack of ordinary length', () => {
    const reason = new Error('it broke').stack ?? '';
    expect(JSON.parse(lineOf((log) => log.fatal({ reason }, 'fault'))).reason).toBe(reason);
  });
});

const SECRETS = ['hunter2-hunter2', 'p@ss/"w\\rd"\u2028end', 'first line of it\nsecond line of it\n'];

describe('T24: a secret', () => {
  it.each([
    ['an id', { task_id: 'x-hunter2-hunter2' }],
    ['an error message', { reason: `connect redis://:${encodeURIComponent(SECRETS[1] ?? '')}@h` }],
    ['a stack', { reason: new Error('no hunter2-hunter2').stack ?? '' }],
    ['quotes and backslashes, as JSON writes them', { reason: `got ${SECRETS[1]}` }],
    ['a value of several lines', { reason: `got ${SECRETS[2]}` }],
    ['one line of them', { reason: 'got\n second line of it' }],
    ['a detail', { detail: { a: [{ b: SECRETS[1] }], 'hunter2-hunter2': 1 } }],
  ])('is masked in %s', (_, fields) => {
    const line = lineOf((log) => log.info(fields, 'e'), SECRETS);
    expect(line).toContain('[secret]');
    expect(JSON.stringify(JSON.parse(line))).not.toMatch(/hunter2-hunter2|p@ss|p%40ss|line of it/);
  });

  it('is masked in the event', () => {
    expect(JSON.parse(lineOf((log) => log.info({}, 'hunter2-hunter2'), SECRETS)).event).toBe('[secret]');
  });

  it('is masked where a long line is cut in its middle', () => {
    const reason = `${'x'.repeat(495)}hunter2-hunter2${'x'.repeat(20_000)}`;
    expect(lineOf((log) => log.info({ reason }, 'e'), SECRETS)).not.toContain('hunter');
  });
});

/** Without the time. */
const said = (say: (log: Logger) => void) => readable(lineOf(say)).replace(/^\S+/, 'TIME');

describe('readable', () => {
  it('says it in one line', () => {
    const fields = { task_id: 't-1', action: 'config.file', outcome: 'failed', reason: 'no room', duration_ms: 12 };
    const detail = { n: 1, target: '/etc/x' };
    expect(said((log) => log.warn({ ...fields, detail }, 'step-failed'))).toBe(
      'TIME  WARN   t-1  step-failed  config.file  target=/etc/x  12 ms: no room',
    );
    expect(said((log) => log.info({ task_id: 't', outcome: 'completed' }, 'concluded'))).toBe(
      'TIME  INFO   t  concluded  completed',
    );
    expect(said((log) => log.info({ detail: { pid: 1, home: '/h' } }, 'ready'))).toBe(
      'TIME  INFO   ready  pid=1  home=/h',
    );
    expect(said((log) => log.info({}, 'stopped'))).toBe('TIME  INFO   stopped');
    expect(said((log) => log.info({ task_id: 't', outcome: 'held' }, 'held'))).toBe('TIME  INFO   t  held');
  });

  it('T25: never lets a text look like another line, or move the cursor', () => {
    const forged = 'x\n2026-11-23T00:00:00Z  INFO   t-1  concluded\u001b[1A\u202e\u2028';
    const text = readable(lineOf((log) => log.info({ task_id: forged, reason: forged }, forged)));
    const [, ...rest] = text.split('\n');
    expect(rest.every((line) => line.startsWith('    '))).toBe(true);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
  });

  it.each(['', 'plain text', '{"half', '[]', 'null', '{"level":30}', '{"event":1,"time":2}'])(
    'shows what is no line of the log as it is: %s',
    (line) => {
      expect([readEntry(line), readable(line)]).toEqual([null, line]);
    },
  );

  it('shows a line of which nearly nothing is there', () => {
    expect(readable('{"time":"T","event":"e"}')).toBe('T         e');
  });
});
