import { expect, vi } from 'vitest';
import { settingStores } from '../../../src/adapters/settings/index.ts';
import { accountWith } from '../../support/tool-double.ts';
import type { Trials } from '../trial.ts';

const NAME = 'com.apple.screensaver/idleTime';

/** A Mac's account with this default, where it is not null. */
async function account(value: string | null): Promise<void> {
  const env = accountWith('defaults');
  for (const [name, text] of Object.entries(env)) vi.stubEnv(name, text);
  if (value !== null) await settingStores(env).default.set(NAME, value);
}

const observe = async () =>
  settingStores({ PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }).default.look(NAME);
const shows = (preview: string, before: unknown): void => {
  const { value } = before as { value: string | null };
  expect(preview).toBe(`${NAME}: ${value ?? 'absent'} -> int 0`);
};

export const trials: Trials = {
  'over none': { arrange: () => account(null), observe, shows },
  'over another type': { arrange: () => account('string 0'), observe, shows },
  'that is to be none': {
    arrange: () => account('int 5'),
    adapt: () => [['int: 0', 'absent: true']],
    observe,
    shows: (preview) => expect(preview).toBe(`${NAME}: int 5 -> absent`),
  },
};
