import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Trials } from '../trial.ts';

function put({ folder }: Place, content: string, mode: number): void {
  const path = join(folder, 'app.conf');
  writeFileSync(path, content);
  chmodSync(path, mode);
}

export const trials: Trials = {
  'over nothing': { arrange: async () => undefined },
  'over another file': {
    arrange: async (place) => put(place, '# of old\nworkers = 2\nlog = "plain"', 0o600),
  },
  'from a template': {
    arrange: async (place) => put(place, 'workers = 2\n', 0o600),
    adapt: () => [
      ['content: |', 'template: |'],
      ['workers = 4', 'workers = {{count}}'],
      ['mode: "0640"', 'variables: { count: "<4>" }\n      mode: "0640"'],
    ],
  },
  'over an empty file': { arrange: async (place) => put(place, '', 0o4755) },
};
