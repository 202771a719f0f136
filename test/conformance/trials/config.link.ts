import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Place, Trials } from '../trial.ts';

const releases = ({ folder }: Place): void => {
  for (const name of ['1', '2']) mkdirSync(join(folder, 'releases', name), { recursive: true });
};

export const trials: Trials = {
  'over nothing': {
    arrange: async (place) => releases(place),
    shows: (preview) => expect(preview).toMatch(/current: absent -> releases\/2$/),
  },
  'over one that leads elsewhere': {
    arrange: async (place) => {
      releases(place);
      symlinkSync('releases/1', join(place.folder, 'current'));
    },
    shows: (preview) => expect(preview).toMatch(/current: releases\/1 -> releases\/2$/),
  },
  'over one that leads nowhere': {
    arrange: async ({ folder }) => symlinkSync('/nowhere', join(folder, 'current')),
    shows: (preview) => expect(preview).toMatch(/current: \/nowhere -> releases\/2$/),
  },
  'that is to be none': {
    arrange: async (place) => {
      releases(place);
      symlinkSync('releases/1', join(place.folder, 'current'));
    },
    adapt: () => [['target: releases/2 #', 'absent: true #']],
    shows: (preview) => expect(preview).toMatch(/current: releases\/1 -> absent$/),
  },
};
