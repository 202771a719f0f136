import { describe, expect, it } from 'vitest';
import { OpsError } from '../../src/errors.ts';
import { Redactor } from '../../src/secret.ts';
import { type SecretSource, secretsFrom } from '../../src/services/secrets.ts';
import { sourcesOf, testLedger } from './support.ts';

const VALUE = 'hunter2-hunter2';
const use = (signal = new AbortController().signal) => ({ task_id: 'task-1', step: 3, signal });

function setUp(source: SecretSource = async () => VALUE) {
  const ledger = testLedger();
  const redactor = new Redactor();
  const asked: string[] = [];
  const sources = sourcesOf(async (name, signal) => {
    asked.push(name);
    return source(name, signal);
  });
  const uses = () => [...ledger.auditEntries()].filter(({ event }) => event === 'secret-used');
  return { ledger, redactor, asked, uses, sources, secrets: secretsFrom({ ledger, redactor, sources }) };
}

describe('a secret', () => {
  it('T24: is masked before anybody has it, and its use audited by name, task and step', async () => {
    const { secrets, redactor, uses } = setUp();
    expect(await secrets.fetch('secret:keychain/db/ops', use())).toBe(VALUE);
    expect(redactor.redact(`x ${VALUE} y`)).toBe('x [secret] y');
    expect(uses()).toMatchObject([{ task_id: 'task-1', detail: { secret: 'keychain/db/ops', step: 3 } }]);
    expect(JSON.stringify(uses())).not.toContain(VALUE);
  });

  it('T24: is not handed on where its use cannot be audited', async () => {
    const { redactor, sources } = setUp();
    const ledger = { commit: () => Promise.reject(new Error('the disk is full')), audit: () => undefined };
    const secrets = secretsFrom({ ledger, redactor, sources });
    await expect(secrets.fetch('secret:file/db', use())).rejects.toThrow('the disk is full');
  });

  it('is fetched anew at each use', async () => {
    const values = ['first-value', 'second-value'];
    const { secrets, uses } = setUp(async () => values.shift() ?? '');
    expect([await secrets.fetch('secret:file/db', use()), await secrets.fetch('secret:file/db', use())]).toEqual([
      'first-value',
      'second-value',
    ]);
    expect(uses()).toHaveLength(2);
  });

  it.each([
    ['has fewer than 8 characters', 'hunter2'],
    ['has fewer than 8 characters', ''],
    ['has more than 16384 characters', 'x'.repeat(16_385)],
    ['holds a NUL', 'hunter2\0hunter2'],
  ])('that %s is refused, unused', async (fault, value) => {
    const { secrets, uses } = setUp(async () => value);
    const error = await secrets.fetch('secret:file/db', use()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpsError);
    expect(String(error)).toMatch(new RegExp(`^OpsError: secret:file/db ${fault}[^\0]{5,120}$`));
    expect(String(error)).not.toMatch(/hunter|xxx/);
    expect(uses()).toEqual([]);
  });

  it.each([
    'file/db',
    'secret:file/../db',
    'secret:file/.db',
    'secret:file/a/b',
    'secret:vault/db',
    'secret:file/db\n',
  ])('is never looked for under %j', async (ref) => {
    const { secrets, asked } = setUp();
    await expect(secrets.fetch(ref, use())).rejects.toThrow('is not secret:file/<name>');
    expect(asked).toEqual([]);
  });

  it('that its source has not is told in its words, and audited as no use', async () => {
    const { secrets, uses } = setUp(async (name) => {
      throw new OpsError(`${name} is missing`);
    });
    await expect(secrets.fetch('secret:file/db', use())).rejects.toThrow('db is missing');
    expect(uses()).toEqual([]);
  });

  it('is asked for by a source that learns when the task ends', async () => {
    const { signal } = new AbortController();
    const given: AbortSignal[] = [];
    const { secrets } = setUp(async (_name, ended) => {
      given.push(ended);
      return VALUE;
    });
    await secrets.fetch('secret:file/db', use(signal));
    expect(given).toEqual([signal]);
  });
});
