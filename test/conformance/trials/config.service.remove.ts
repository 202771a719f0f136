import { expect } from 'vitest';
import { installWorker, ownPm2, pm2State } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'for what runs': {
    arrange: async (place) => {
      ownPm2(place);
      await installWorker(place);
    },
    observe: pm2State,
    shows: (preview, _, after) => {
      expect(preview).toContain('pm2/worker: running -> absent\n--- pm2/worker\n+++ /dev/null');
      expect(after).toEqual({ text: null, states: [] });
    },
  },
};
