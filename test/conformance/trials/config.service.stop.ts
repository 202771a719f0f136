import { expect } from 'vitest';
import { asContainer, podmanFor, seenOn, webOn } from '../podman.ts';
import { ownPrograms, ownState, startOwn } from '../services.ts';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'for what is running': {
    needs: ['setsid', 'pgrep'],
    arrange: async (place) => {
      ownPrograms(place);
      await startOwn(place);
    },
    observe: ownState,
    shows: (preview) => expect(preview).toBe('command/web: running -> stopped'),
  },
  'for a container that runs': {
    needs: ['podman'],
    arrange: async (place) => webOn(await podmanFor(place)),
    adapt: asContainer,
    observe: seenOn,
    shows: (preview) => expect(preview).toBe('container/web: running -> stopped'),
  },
};
