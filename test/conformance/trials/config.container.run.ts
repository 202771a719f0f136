import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { podmanFor, seenOn, webOn } from '../podman.ts';
import type { Place, Trial, Trials } from '../trial.ts';

const IMAGE = 'images.example.org/shop/web@sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9';

let image = '';
async function arranged(place: Place) {
  const podman = await podmanFor(place);
  image = podman.image;
  mkdirSync(join(place.folder, 'data'));
  return podman;
}

const common = {
  needs: ['podman'],
  adapt: () => [[IMAGE, image]],
  observe: seenOn,
  shows: (preview) => expect(preview).toContain('would run web:'),
} satisfies Partial<Trial>;

export const trials: Trials = {
  'over nothing': { ...common, arrange: async (place) => void (await arranged(place)) },
  'in the place of another': { ...common, arrange: async (place) => webOn(await arranged(place)) },
};
