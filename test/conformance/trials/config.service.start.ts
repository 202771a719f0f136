import { expect } from 'vitest';
import { asContainer, podmanFor, seenOn, stoppedWebOn } from '../podman.ts';
import { ownPrograms, ownState } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'for what is stopped': {
    needs: ['setsid', 'pgrep'],
    arrange: async (place) => ownPrograms(place),
    observe: ownState,
    shows: (preview) => expect(preview).toBe('command/web: stopped -> running'),
  },
  'for a container that is stopped': {
    needs: ['podman'],
    arrange: async (place) => stoppedWebOn(await podmanFor(place)),
    adapt: asContainer,
    observe: seenOn,
    shows: (preview) => expect(preview).toBe('container/web: stopped -> running'),
  },
};
