import { expect } from 'vitest';
import { define, pause, rowOf, validUntil } from '../schedules.ts';
import type { Trial, Trials } from '../trial.ts';

const base: Omit<Trial, 'arrange'> = {
  adapt: () => [['2027-11-30T00:00:00Z', validUntil()]],
  observe: rowOf,
  shows: (preview) => expect(preview).toContain('pattern: 30 2 * * *'),
};

export const trials: Trials = {
  'where there is none': { ...base, arrange: async () => undefined },
  'where it is another one': { ...base, arrange: (place) => define(place, { pattern: '0 5 * * *' }) },
  'where it is another one, and paused': {
    ...base,
    arrange: async (place) => {
      await define(place, { pattern: '0 5 * * *' });
      await pause(place, 'the disk is full');
    },
  },
};
