import { expect } from 'vitest';
import { asLastCommit, declareWeb, deployed, releasesOf } from '../apps.ts';
import type { Trials } from '../trial.ts';

const common = {
  needs: ['git'],
  adapt: asLastCommit,
  observe: releasesOf,
  shows: (preview: string) => expect(preview).toMatch(/fetch commit:[0-9a-f]{40}/),
};

export const trials: Trials = {
  'of the first version': { ...common, arrange: async (place) => void declareWeb(place, 1) },
  'over another release': {
    ...common,
    arrange: async (place) => deployed(place, 'staging', declareWeb(place, 2).slice(0, 1)),
  },
};
