import { expect } from 'vitest';
import { ownPm2, pm2State } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'over nothing': {
    arrange: async (place) => ownPm2(place),
    observe: pm2State,
    shows: (preview, _, after) => {
      expect(preview).toContain('pm2/worker: absent -> running\n--- /dev/null\n+++ pm2/worker');
      const { text } = after as { text: string };
      for (const line of text.trimEnd().split('\n')) expect(preview).toContain(`\n+${line}`);
    },
  },
};
