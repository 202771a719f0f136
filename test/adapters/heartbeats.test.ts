import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { heartbeatsBy } from '../../src/adapters/heartbeats.ts';
import type { Logger } from '../../src/log.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ok: Answer = (_, response) => void response.end('OK');

/** A server that notes what it is asked for. */
async function served(answer: Answer = ok) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function pinging() {
  const unheard: string[] = [];
  const log = { debug: ({ reason }: { reason: string }) => void unheard.push(reason) } as unknown as Logger;
  return { heartbeats: heartbeatsBy(log), unheard };
}

describe('a heartbeat', () => {
  it.each([
    ['start', '/ping/uuid/start'],
    ['success', '/ping/uuid'],
    ['fail', '/ping/uuid/fail'],
    [3, '/ping/uuid/3'],
  ] as const)('%s asks for %s', async (what, path) => {
    const { url, asked } = await served();
    const { heartbeats } = pinging();
    heartbeats.ping(`${url}/ping/uuid`, what);
    await vi.waitFor(() => expect(asked).toEqual([`POST ${path}`]));
  });

  it('leaves query and closing slash in their places', async () => {
    const { url, asked } = await served();
    const { heartbeats } = pinging();
    heartbeats.ping(`${url}/ping/uuid/?rid=1`, 'start');
    await vi.waitFor(() => expect(asked).toEqual(['POST /ping/uuid/start?rid=1']));
  });

  it('goes nowhere it is sent on to: its address is what was signed', async () => {
    const target = await served();
    const { url, asked } = await served((_, response) => response.writeHead(308, { location: target.url }).end());
    const { heartbeats, unheard } = pinging();
    heartbeats.ping(url, 'success');
    await vi.waitFor(() => expect(unheard).toHaveLength(1));
    expect([asked.length, target.asked]).toEqual([1, []]);
  });

  it('that nobody hears, or that is cut off, is only noted', async () => {
    const { url } = await served((request) => request.socket.destroy());
    const closed = createTcpServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const refused = `http://127.0.0.1:${(closed.address() as AddressInfo).port}/`;
    await new Promise((resolve) => closed.close(resolve));
    const { heartbeats, unheard } = pinging();
    expect(() => heartbeats.ping(url, 'success')).not.toThrow();
    expect(() => heartbeats.ping(refused, 'success')).not.toThrow();
    await vi.waitFor(() => expect(unheard).toHaveLength(2));
  });

  it('reads no answer, however long it is', async () => {
    const sent = { chunks: 0, closed: false };
    const { url } = await served((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent.chunks += 1;
      };
      response.on('drain', more).on('close', () => (sent.closed = true));
      more();
    });
    const { heartbeats, unheard } = pinging();
    heartbeats.ping(url, 'success');
    await vi.waitFor(() => expect(sent.closed).toBe(true));
    expect([unheard, sent.chunks < 1_000]).toEqual([[], true]);
  });
});
