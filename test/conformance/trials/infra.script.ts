import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trials } from '../trial.ts';

export const trials: Trials = {
  'in an empty folder': { arrange: async ({ folder }) => mkdirSync(join(folder, 'data')) },
  'over what is there in part': {
    arrange: async ({ folder }) => {
      mkdirSync(join(folder, 'data'));
      writeFileSync(join(folder, 'data', 'kept'), 'kept');
    },
  },
};
