// pm2's process file: `pm2 start ecosystem.config.js`, with OPS_HOME set. One supervisor at a time: never beside launchd.
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const apps = [
  {
    name: 'savorg-ops',
    cwd: here('.'),
    script: 'src/main.ts',
    interpreter: here('node_modules/node/bin/node'),
    // As in launchd's plist, where the reason is.
    node_args: ['--max-semi-space-size=2'],
    env: { NODE_COMPILE_CACHE: here('node_modules/.cache/compile') },
    // A stop lets running tasks end for 20 s, and is over by 40; pm2's own default is 1.6 s.
    kill_timeout: 45_000,
    // The daemon ends its commands itself, and leaves none behind.
    treekill: false,
    // No stop_exit_codes: pm2 takes a death by signal for exit code 0, so with [0] a kill -9 would be the end.
  },
];
