import { expect } from 'vitest';
import { ownPrograms, ownState, startOwn } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'for what is running': {
    needs: ['setsid', 'pgrep'],
    arrange: async (place) => {
      ownPrograms(place);
      await startOwn(place);
    },
    observe: ownState,
    shows: (preview) => expect(preview).toBe('command/web: running -> stopped'),
  },
};
