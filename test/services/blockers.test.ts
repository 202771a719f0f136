import { expect, it } from 'vitest';
import { blocker } from '../../src/services/blockers.ts';

it.each([
  ['needs-code-change', 'manager'],
  ['command-failed', 'manager'],
  ['source-changed', 'operator'],
  ['service-unknown', 'operator'],
  ['vetoed', 'security'],
  ['unknown-app', 'operator'],
  ['bad-apps', 'operator'],
  ['frozen', 'operator'],
  ['host-unfit', 'operator'],
  ['fetch-failed', 'operator'],
  ['unknown-commit', 'manager'],
  ['shared-missing', 'operator'],
  ['service-absent', 'operator'],
  ['current-unknown', 'operator'],
  ['wrong-version', 'manager'],
  ['no-receipt', 'manager'],
  ['no-target', 'manager'],
  ['irreversible-migrations', 'manager'],
  ['unhealthy', 'manager'],
  ['watch-failed', 'manager'],
])('%s is for %s to resolve', (code, owner) => {
  expect(blocker({ code, message: 'x' })).toMatchObject({ code, owner });
});
