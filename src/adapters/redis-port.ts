import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { newPassword, type RedisSettings } from './redis-conf.ts';

/** Below every system's ephemeral ports, so that no outgoing connection takes it while Redis is stopped. */
const PORTS = { first: 20_000, end: 32_000 };

/** A free port, and a password that was never sent to anyone. */
export async function freshSettings(): Promise<RedisSettings> {
  for (;;) {
    const port = randomInt(PORTS.first, PORTS.end);
    if (await isFree(port)) return { port, password: newPassword() };
  }
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
