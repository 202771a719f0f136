import { expect, it } from 'vitest';
import { Definition } from '../../src/schedule/definition.ts';
import { definition } from '../support/definitions.ts';

const problems = (more: object) => {
  const parsed = Definition.safeParse({ ...definition(), ...more });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

it('a definition that says all it must is one', () => {
  expect(problems({})).toEqual([]);
});

it.each([
  ['name', { name: 'ab' }],
  ['purpose', { purpose: 'short' }],
  ['owner', { owner: '' }],
  ['pattern', { pattern: '61 * * * *' }],
  ['time_zone', { time_zone: 'Mars/Olympus' }],
  ['actions', { actions: [] }],
  ['actions', { actions: [{ action: 'cron.remove', with: { schedule: 'other' } }] }],
  ['limit_ms', { limit_ms: 999, expected_ms: 1_000 }],
  ['depends_on', { depends_on: [{ schedule: 'backup' }] }],
  ['retries.count', { retries: { count: 11, backoff_ms: 1_000 } }],
  ['overlap', { overlap: 'stack' }],
  ['catch_up', { catch_up: 'some' }],
  ['alert.severity', { alert: { after_failures: 1, severity: 'loud' } }],
  ['valid_until', { valid_until: '2027-02-30T00:00:00Z' }],
])('without a right %s it is none', (field, more) => {
  expect(problems(more)).toEqual([expect.stringMatching(new RegExp(`^${field}: .`))]);
});

it.each([
  'name',
  'purpose',
  'owner',
  'pattern',
  'time_zone',
  'actions',
  'on_failure',
  'depends_on',
  'expected_ms',
  'limit_ms',
  'overlap',
  'catch_up',
  'retries',
  'alert',
  'valid_until',
])('must say its %s', (field) => {
  expect(problems({ [field]: undefined })[0]).toContain(field);
});
