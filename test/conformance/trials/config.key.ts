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

const PLIST = `<?xml version="1.0"?>
<plist version="1.0">
<dict>
	<key>server</key>
	<dict>
		<!-- measured -->
		<key>connections</key> <integer>0100</integer>
		<key>hosts</key>
		<array><string>a</string><string>b</string></array>
		<key>debug</key>
		<true/>
	</dict>
	<key>last</key>
	<real>1.50</real>
</dict>
</plist>
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
  'over a property list': { arrange: async (place) => put(place, 'web.plist', PLIST), adapt: as('plist') },
};
