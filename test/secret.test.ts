import { describe, expect, it } from 'vitest';
import { OpsOutput } from '../src/contract/ops-output.ts';
import { Redactor, redacted, redactedAs, secretsOf } from '../src/secret.ts';

describe('redactor', () => {
  it.each([
    ['a value', 'a=hunter2-hunter2;', 'a=[secret];'],
    ['every occurrence', 'hunter2-hunter2 hunter2-hunter2', '[secret] [secret]'],
    ['nothing else', 'hunter2', 'hunter2'],
  ])('masks %s', (_, text, masked) => {
    expect(new Redactor(['hunter2-hunter2']).redact(text)).toBe(masked);
  });

  it('masks a value as it stands in a URL', () => {
    const redactor = new Redactor(['p@ss/word:1']);
    expect(redactor.redact('redis://:p%40ss%2Fword%3A1@host p@ss/word:1')).toBe('redis://:[secret]@host [secret]');
  });

  it('masks a value of several lines as a whole and line by line', () => {
    const redactor = new Redactor(['first line\nsecond line\nend']);
    expect(redactor.redact('x second line y')).toBe('x [secret] y');
    expect(redactor.redact('first line\nsecond line\nend')).toBe('[secret]');
  });

  it('masks a value as it stands in JSON', () => {
    const secret = 'a "quoted"\\ one\nand more';
    expect(new Redactor([secret]).redact(JSON.stringify({ secret, line: 'a "quoted"\\ one' }))).toBe(
      '{"secret":"[secret]","line":"[secret]"}',
    );
  });

  it.each(['', 'a', 'ab', 'abc', 'ops:'])('T24: masks a value in base64, base64url and hex after %j', (before) => {
    const [secret, after] = ['pü?~>>ss/word:1', ' and more'];
    const redactor = new Redactor([secret]);
    for (const encoding of ['base64', 'base64url', 'hex'] as const) {
      const [lead, whole, trail] = [before, `${before}${secret}${after}`, after].map((text) =>
        Buffer.from(text).toString(encoding),
      ) as [string, string, string];
      const masked = redactor.redact(whole);
      expect(masked).toContain('[secret]');
      // Of the secret nothing is left but the bits that share a character with their neighbours.
      expect(masked.length).toBeLessThanOrEqual(lead.length + '[secret]'.length + trail.length + 4);
    }
    expect(redactor.redact(Buffer.from(secret).toString('hex').toUpperCase())).toBe('[secret]');
  });

  it('takes no character of a value for a pattern', () => {
    expect(new Redactor(['a.c*(d)[e]']).redact('aXc*(d)[e] a.c*(d)[e]')).toBe('aXc*(d)[e] [secret]');
  });

  it('masks the longer one of two that begin alike', () => {
    expect(new Redactor(['password', 'password-2']).redact('password-2 password')).toBe('[secret] [secret]');
  });

  it('masks nothing that is so short that it would mask ordinary words', () => {
    expect(new Redactor(['short', '', 'a\nb']).redact('short a b')).toBe('short a b');
  });

  it.each([
    ['redis://:p%40ssword@host:1', ['p@ssword', 'p%40ssword']],
    ['redis://user:secret@host', ['secret', 'secret']],
    ['redis://host', []],
  ])('reads the passwords of %s', (url, secrets) => {
    expect(secretsOf(url)).toEqual(secrets);
  });

  it.each(['redis://:p%2fssword@host', 'redis://:pass%77ord@host', 'redis://:p%7Essword@host'])(
    'masks the password of %s as it stands there',
    (url) => {
      expect(new Redactor(secretsOf(url)).redact(url)).toBe('redis://:[secret]@host');
    },
  );
});

describe('data', () => {
  it('is copied with its secrets masked, in names, too', () => {
    const data = { 'hunter2-hunter2': ['x hunter2-hunter2', 1, null, { deep: 'hunter2-hunter2' }] };
    expect(redacted(data, new Redactor(['hunter2-hunter2']))).toEqual({
      '[secret]': ['x [secret]', 1, null, { deep: '[secret]' }],
    });
  });

  it('keeps what its schema fixes, even where it looks like a secret', () => {
    const output: OpsOutput = {
      task_id: 't',
      status: 'completed',
      operation_type: 'monitoring',
      actions_taken: [{ action: 'completed it', target: 'degraded', result: 'success', rollback_command: 'none' }],
      health_checks: [{ service: 'web', status: 'degraded', endpoint: 'monitoring of web' }],
      monitoring_setup: [],
      environment_changes: [],
      blockers: [],
      notes: 'It is completed.',
    };
    expect(redactedAs(OpsOutput, output, new Redactor(['completed', 'degraded', 'monitoring']))).toEqual({
      ...output,
      actions_taken: [{ action: '[secret] it', target: '[secret]', result: 'success', rollback_command: 'none' }],
      health_checks: [{ service: 'web', status: 'degraded', endpoint: '[secret] of web' }],
      notes: 'It is [secret].',
    });
  });
});
