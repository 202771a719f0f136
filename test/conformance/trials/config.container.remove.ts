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
  'where it does not run': {
    needs: ['podman'],
    arrange: async (place) => {
      const podman = await podmanFor(place);
      await webOn(podman);
      await podman.podman('stop', '--time', '1', 'web');
    },
    observe: seenOn,
    shows: (preview) => expect(preview).toMatch(/^would stop container [0-9a-f]{12} \(does not run\) and keep it/),
  },
};
