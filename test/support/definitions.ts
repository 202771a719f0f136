import type { Definition } from '../../src/schedule/definition.ts';

/** A definition with the least that one must carry. */
export function definition(more: Partial<Definition> = {}): Definition {
  return {
    name: 'backup',
    purpose: 'Keeps a copy of the database for the day it is needed',
    owner: 'platform@example.org',
    pattern: '30 2 * * *',
    time_zone: 'UTC',
    environment: 'host',
    actions: [{ action: 'config.file', with: { path: '/var/backup/marker', content: 'backed up\n' } }],
    on_failure: 'undo',
    depends_on: [],
    expected_ms: 1_000,
    limit_ms: 60_000,
    overlap: 'skip',
    catch_up: 'none',
    retries: { count: 0, backoff_ms: 1_000 },
    alert: { after_failures: 1, severity: 'warning' },
    valid_until: '2027-11-01T00:00:00Z',
    ...more,
  };
}
