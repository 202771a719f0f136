import { expect } from 'vitest';
import { podmanFor, seenOn, webOn } from '../podman.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'where it runs': {
    needs: ['podman'],
    arrange: async (place) => webOn(await podmanFor(place)),
    observe: seenOn,
    shows: (preview) => expect(preview).toMatch(/^would stop container [0-9a-f]{12}/),
  },
};
