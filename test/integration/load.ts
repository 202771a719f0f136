import { execa } from 'execa';

/** What clients saw that never paused. */
export interface Load {
  requests: number;
  /** Connections that were refused or broken off, answers that did not come in time, and those with a status above 399. */
  failures: Record<'connect' | 'read' | 'write' | 'timeout' | 'status', number>;
}

export const NONE: Load['failures'] = { connect: 0, read: 0, write: 0, timeout: 0, status: 0 };

const CONNECTIONS = 8;

/** Asks all the time until it is ended. Each request has a connection of its own where `keepAlive` is false. */
export function loadOn(url: string, { keepAlive }: { keepAlive: boolean }): { end: () => Promise<Load> } {
  const once = keepAlive ? [] : ['--header', 'Connection: close'];
  const most = ['--duration', '1h', '--timeout', '10s'];
  const args = ['--threads', '1', '--connections', String(CONNECTIONS), ...most, ...once, url];
  const wrk = execa('wrk', args, { reject: false });
  return {
    end: async () => {
      // It says what it saw.
      wrk.kill('SIGINT');
      return loadIn((await wrk).stdout);
    },
  };
}

function loadIn(said: string): Load {
  const requests = Number(/(\d+) requests in /.exec(said)?.[1]);
  const broken = /connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(said)?.slice(1) ?? [];
  const [connect = 0, read = 0, write = 0, timeout = 0] = broken.map(Number);
  const status = Number(/Non-2xx or 3xx responses: (\d+)/.exec(said)?.[1] ?? 0);
  return { requests, failures: { connect, read, write, timeout, status } };
}
