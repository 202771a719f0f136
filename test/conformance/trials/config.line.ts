import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Trials } from '../trial.ts';

const put = ({ folder }: Place, text: string) => writeFileSync(join(folder, 'sysctl.conf'), text);

export const trials: Trials = {
  'over nothing': { arrange: async () => undefined },
  'over another value': { arrange: async (place) => put(place, '# net\nnet.ipv4.ip_forward = 0\nkernel.panic = 1\n') },
  'behind a last line without an end': { arrange: async (place) => put(place, 'kernel.panic = 1') },
};
