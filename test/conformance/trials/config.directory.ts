import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Trial, Trials } from '../trial.ts';

const uploads = (folder: string): string => join(folder, 'uploads');
const shows: Trial['shows'] = (preview) => expect(preview).toMatch(/uploads: .+ -> mode 2770, owner \d+:\d+$/);

export const trials: Trials = {
  'over nothing': { arrange: async () => undefined, shows },
  'over one of another mode, with something in it': {
    arrange: async ({ folder }) => {
      mkdirSync(uploads(folder));
      writeFileSync(join(uploads(folder), 'kept'), 'kept');
      chmodSync(uploads(folder), 0o1711);
    },
    shows,
  },
  'that is to be none': {
    arrange: async ({ folder }) => mkdirSync(uploads(folder)),
    adapt: () => [['mode: "2770" #', 'absent: true #']],
    shows: (preview) => expect(preview).toMatch(/uploads: mode 0751, owner \d+:\d+ -> absent$/),
  },
};
