import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Trials } from '../trial.ts';

const put = ({ folder }: Place, text: string) => writeFileSync(join(folder, 'hosts'), text);

export const trials: Trials = {
  'where there is no block': {
    arrange: async (place) => put(place, '127.0.0.1 localhost\n# end of the static names\n::1 localhost'),
  },
  'over an older block': {
    arrange: async (place) =>
      put(place, '# BEGIN savorg-ops database\n10.0.0.4 db\n# END savorg-ops database\n127.0.0.1 localhost\n'),
  },
  'with lines that end as on Windows': {
    arrange: async (place) => put(place, '127.0.0.1 localhost\r\n# end of the static names\r\n'),
  },
};
