import { expect } from 'vitest';
import { imagesOn, namedAsPinned, registryFor } from '../podman.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'where it is here': {
    needs: ['podman'],
    arrange: async (place) => {
      const { podman, image } = await registryFor(place);
      await podman.podman('pull', '--quiet', image);
    },
    adapt: namedAsPinned,
    observe: imagesOn,
    shows: (preview) => expect(preview).toMatch(/: here -> absent$/),
  },
};
