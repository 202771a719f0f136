import { expect } from 'vitest';
import { declareWeb, deployed, releasesOf } from '../apps.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'of more than are to be kept': {
    needs: ['git'],
    arrange: async (place) => deployed(place, 'staging', declareWeb(place, 5)),
    observe: releasesOf,
    shows: (preview) => expect(preview).toMatch(/remove \S+\/releases\//),
  },
};
