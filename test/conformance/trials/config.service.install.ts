import { applyPatch } from 'diff';
import { expect } from 'vitest';
import { installWorker, ownPm2, pm2State } from '../services.ts';
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
  'in the place of another': {
    arrange: async (place) => {
      ownPm2(place);
      await installWorker(place);
    },
    observe: pm2State,
    shows: (preview, before, after) => {
      expect(preview).toContain('pm2/worker: running -> running\n--- pm2/worker\n+++ pm2/worker');
      const [from, to] = [before, after].map((state) => (state as { text: string }).text);
      expect(from).not.toContain('QUEUE');
      expect(applyPatch(from ?? '', `${preview.slice(preview.indexOf('--- '))}\n`)).toBe(to);
    },
  },
};
