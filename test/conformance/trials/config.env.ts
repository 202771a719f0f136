import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Trial, Trials } from '../trial.ts';

const put = ({ folder }: Place, name: string, text: string) => writeFileSync(join(folder, name), text);

const PLIST = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>web</string>
	<!-- read at its start -->
	<key>EnvironmentVariables</key>
	<dict>
		<key>DEBUG</key>
		<string>1</string>
	</dict>
</dict>
</plist>
`;

const PM2 = `{ "apps": [
  { "name": "other", "env": { "DEBUG": "1" } },
  { "name": "web", "script": "main.js", "env": { "DEBUG": "1", "LOG_LEVEL": "info" } }
] }
`;

const as = (name: string, format: string): NonNullable<Trial['adapt']> => {
  return () => [
    ['web.env', name],
    ['format: env #', `format: ${format} #`],
  ];
};

export const trials: Trials = {
  'over an env file': {
    arrange: async (place) => put(place, 'web.env', '# of web\nDEBUG=1\nLOG_LEVEL="info" # of old\n'),
  },
  'over a property list': {
    arrange: async (place) => put(place, 'web.plist', PLIST),
    adapt: as('web.plist', 'launchd'),
  },
  'over a definition of pm2': {
    arrange: async (place) => put(place, 'pm2.json', PM2),
    adapt: as('pm2.json', 'pm2-json'),
  },
};
