import { expect, it } from 'vitest';
import { blocker } from '../../src/services/blockers.ts';

it.each([
  ['needs-code-change', 'manager'],
  ['command-failed', 'manager'],
  ['source-changed', 'operator'],
  ['service-unknown', 'operator'],
  ['vetoed', 'security'],
])('%s is for %s to resolve', (code, owner) => {
  expect(blocker({ code, message: 'x' })).toMatchObject({ code, owner });
});
