import { expect } from 'vitest';
import { ownPrograms, ownState } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'for what is stopped': {
    needs: ['setsid', 'pgrep'],
    arrange: async (place) => ownPrograms(place),
    observe: ownState,
    shows: (preview) => expect(preview).toBe('command/web: stopped -> running'),
  },
};
