import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { named, podmanFor, seenOn, webOn } from '../podman.ts';
import type { Place, Trial, Trials } from '../trial.ts';

let image = '';
async function arranged(place: Place) {
  const podman = await podmanFor(place);
  image = podman.image;
  mkdirSync(join(place.folder, 'data'));
  return podman;
}

const common = {
  needs: ['podman'],
  adapt: () => named(image),
  observe: seenOn,
  shows: (preview) => expect(preview).toContain('would run web:'),
} satisfies Partial<Trial>;

export const trials: Trials = {
  'over nothing': { ...common, arrange: async (place) => void (await arranged(place)) },
  'in the place of another': { ...common, arrange: async (place) => webOn(await arranged(place)) },
};
