import { expect } from 'vitest';
import { define, pause, rowOf } from '../schedules.ts';
import type { Trials } from '../trial.ts';

const shows = (preview: string) => expect(preview).toBe('backup would be paused: the disk is changed');

export const trials: Trials = {
  'of one that goes': { arrange: define, observe: rowOf, shows },
  'of one that is paused for another reason': {
    arrange: async (place) => {
      await define(place);
      await pause(place, 'the disk is full');
    },
    observe: rowOf,
    shows,
  },
};
