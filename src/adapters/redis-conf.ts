import { randomBytes } from 'node:crypto';
import { appendFile, chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRegularFile } from './regular-file.ts';

/** How the embedded Redis is reached. Chosen once and kept in its `redis.conf`. */
export interface RedisSettings {
  port: number;
  password: string;
}

const HOST = '127.0.0.1';
/** Lines of an aclfile, as `ops redis acl` prints them; an aclfile itself would do away with `requirepass`. */
const USERS = 'users.acl';

export const redisUrl = ({ port, password }: RedisSettings): string => `redis://:${password}@${HOST}:${port}`;

export const newPassword = (): string => randomBytes(32).toString('base64url');

/** Undefined where there is no usable `redis.conf` of ours. */
export function readSettings(dir: string): RedisSettings | undefined {
  const conf = confIn(dir);
  const port = Number(/^port (\d{1,5})$/m.exec(conf)?.[1]);
  const password = /^requirepass ([\w-]{43})$/m.exec(conf)?.[1];
  return port > 0 && port < 65_536 && password ? { port, password } : undefined;
}

function confIn(dir: string): string {
  try {
    return readRegularFile(join(dir, 'redis.conf'));
  } catch {
    return '';
  }
}

/** Writes `redis.conf` and `url`, 0600, each at once or not at all. The users beside them are the operator's. */
export async function writeSettings(dir: string, settings: RedisSettings): Promise<void> {
  await appendFile(join(dir, USERS), '', { mode: 0o600 });
  await writePrivately(join(dir, 'redis.conf'), redisConf(dir, settings));
  await writePrivately(join(dir, 'url'), `${redisUrl(settings)}\n`);
}

export async function makePrivateFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
}

function redisConf(dir: string, { port, password }: RedisSettings): string {
  return [
    `bind ${HOST}`,
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(dir)}`,
    `logfile ${JSON.stringify(join(dir, 'redis.log'))}`,
    `pidfile ${JSON.stringify(join(dir, 'redis.pid'))}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    `include ${JSON.stringify(join(dir, USERS))}`,
    '',
  ].join('\n');
}

async function writePrivately(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  await writeFile(next, text, { mode: 0o600, flush: true });
  await chmod(next, 0o600);
  await rename(next, path);
}
