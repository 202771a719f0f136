import { expect } from 'vitest';
import { define, rowOf } from '../schedules.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'of one that goes': {
    arrange: define,
    observe: rowOf,
    shows: (preview) => expect(preview).toBe('backup would be due at once, besides its own times'),
  },
};
