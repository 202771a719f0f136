/**
 * Starts, stops and shows what `current` leads to: `node service.mjs <root> start|stop|status`. It lies beside the
 * releases, not in one. Exit codes as the supervisor `command` wants them: 0 it runs, 3 it does not.
 */
import { spawn, spawnSync } from 'node:child_process';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [root, verb] = process.argv.slice(2);
const server = join(root, 'current/server.mjs');

/** Known by the path in its command line, so that no pid can be stale. */
const pids = () =>
  spawnSync('pgrep', ['-f', ` ${server}$`], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean);
const runs = () => pids().length > 0;

const verbs = {
  start: async () => {
    const log = openSync(join(root, 'shared/log'), 'a');
    if (!runs()) spawn(process.execPath, [server], { detached: true, stdio: ['ignore', log, log] }).unref();
    return 0;
  },
  stop: async () => {
    for (const pid of pids()) process.kill(Number(pid));
    while (runs()) await pause(20);
    return 0;
  },
  status: async () => (runs() ? 0 : 3),
};

process.exitCode = await verbs[verb]();
