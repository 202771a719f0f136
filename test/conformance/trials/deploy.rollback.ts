import { expect } from 'vitest';
import { declareWeb, deployed, releasesOf } from '../apps.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'to the stable release before': {
    needs: ['git'],
    arrange: async (place) => deployed(place, 'staging', declareWeb(place, 2)),
    observe: releasesOf,
    shows: (preview) => expect(preview).toMatch(/current: releases\/\S+ -> releases\/\S+/),
  },
};
