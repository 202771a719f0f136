import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Trial, Trials } from '../trial.ts';

const put = ({ folder }: Place, name: string, text: string) => writeFileSync(join(folder, name), text);

const YAML = `# of the web server
server:
    connections:   100   # measured
    hosts: [ "a" ,b ]
    debug: true
last: "x"
`;

const JSON_TEXT = `{
  // of the web server
  "server" : {"debug": true, "hosts": ["a","b"]},
  "last": 1.50
}
`;

const as = (format: string): NonNullable<Trial['adapt']> => {
  return () => [
    ['web.yaml', `web.${format}`],
    ['format: yaml #', `format: ${format} #`],
  ];
};

export const trials: Trials = {
  'over YAML': { arrange: async (place) => put(place, 'web.yaml', YAML) },
  'over JSON': { arrange: async (place) => put(place, 'web.json', JSON_TEXT), adapt: as('json') },
};
