import { expect } from 'vitest';
import { asLastCommit, declareWeb, deployed, releasesOf } from '../apps.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'of what staging proved': {
    needs: ['git'],
    arrange: async (place) => deployed(place, 'staging', declareWeb(place, 1)),
    adapt: asLastCommit,
    observe: releasesOf,
    shows: (preview) => expect(preview).toMatch(/fetch commit:[0-9a-f]{40}/),
  },
};
