import { expect } from 'vitest';
import { define, pause, rowOf } from '../schedules.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'of one that is paused': {
    arrange: async (place) => {
      await define(place);
      await pause(place, 'the disk is full');
    },
    observe: rowOf,
    shows: (preview) => expect(preview).toBe('backup would go on'),
  },
};
