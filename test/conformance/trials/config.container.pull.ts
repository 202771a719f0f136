import { expect } from 'vitest';
import { imagesOn, namedAsPinned, registryFor } from '../podman.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'where it is not here': {
    needs: ['podman'],
    arrange: async (place) => void (await registryFor(place)),
    adapt: namedAsPinned,
    observe: imagesOn,
    shows: (preview) => expect(preview).toMatch(/: absent -> here$/),
  },
};
