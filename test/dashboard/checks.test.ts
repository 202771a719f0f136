import { describe, expect, it } from 'vitest';
import { basic, HOST, testServer } from './support.ts';

const CLOSED = ['/', '/metrics', '/queues', '/queues/', '/queues/api/queues', '/queues/static/favicon.ico', '/nothing'];

describe('the password', () => {
  it.each(CLOSED)('T27: is asked for at %s', async (url) => {
    const { ask } = await testServer();
    const answer = await ask({ url });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic realm="savorg-ops"/);
  });

  it.each(['/', '/metrics', '/queues', '/queues/', '/queues/api/queues', '/queues/static/favicon.ico'])(
    'opens %s',
    async (url) => {
      const { look } = await testServer();
      expect((await look(url)).statusCode).toBe(200);
    },
  );

  it.each([
    ['another password', (right: string) => basic(`${right}x`)],
    ['no password', () => basic('')],
    ['another user', (right: string) => basic(right, 'root')],
    ['a token', (right: string) => `Bearer ${right}`],
    ['no base64', () => 'Basic *'],
  ])('is refused with %s', async (_, header) => {
    const { ask, password } = await testServer();
    expect((await ask({ url: '/', headers: { authorization: header(password) } })).statusCode).toBe(401);
  });

  it('opens the right page, and no other', async () => {
    const { look } = await testServer();
    expect((await look('/nothing')).statusCode).toBe(404);
    expect((await look('/queues/../../../etc/passwd')).statusCode).toBe(404);
    expect((await look('/queues/static/..%2f..%2fpackage.json')).statusCode).toBeGreaterThanOrEqual(400);
  });

  it('is not needed to ask whether it lives and is ready', async () => {
    const { ask } = await testServer();
    expect((await ask({ url: '/healthz' })).statusCode).toBe(200);
    expect((await ask({ url: '/readyz', method: 'HEAD' })).statusCode).toBe(200);
    expect((await ask({ url: '/healthz/../metrics' })).statusCode).toBe(401);
    expect((await ask({ url: '/healthz', method: 'PUT' })).statusCode).toBe(401);
  });
});

describe('a name', () => {
  it.each(['127.0.0.1:7070', 'localhost:7070', 'LOCALHOST:9999', '[::1]:7070', '10.0.0.9', 'mini-1.example:7070'])(
    'of its own is answered: %s',
    async (host) => {
      const settings = { host: '10.0.0.9', port: 0, tls: null, hosts: ['Mini-1.example'] };
      const { look } = await testServer({ settings });
      expect((await look('/', { host })).statusCode).toBe(200);
    },
  );

  it.each(['evil.example:7070', 'localhost.evil.example', '127.0.0.1.evil.example:7070', '192.168.0.1', '::1'])(
    'T27: of others is not, whatever is asked: %s',
    async (host) => {
      const { look } = await testServer();
      for (const url of ['/', '/healthz', '/readyz', '/queues/api/queues', '/nothing'])
        expect((await look(url, { host })).statusCode).toBe(421);
    },
  );
});

describe('another site', () => {
  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { origin: 'http://localhost:7070' },
    { origin: 'http://127.0.0.1:3000' },
    { origin: `https://${HOST}` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: `http://${HOST}`, 'sec-fetch-site': 'cross-site' },
  ])('T27: is refused, even to look: %o', async (headers) => {
    const { look } = await testServer();
    for (const url of ['/', '/queues/api/queues', '/metrics']) expect((await look(url, headers)).statusCode).toBe(403);
  });

  it.each([{ origin: `http://${HOST}` }, { 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }])(
    'is not this one: %o',
    async (headers) => {
      const { look } = await testServer();
      expect((await look('/queues/api/queues', headers)).statusCode).toBe(200);
    },
  );
});

describe('every answer', () => {
  it.each([
    ['a page', '/', {}],
    ['a refusal', '/', { authorization: 'none' }],
    ['a wrong name', '/', { host: 'evil.example' }],
    ['a missing page', '/nothing', {}],
    ['an asset', '/queues/static/favicon.ico', {}],
  ])('T27: keeps browsers from framing, guessing, keeping and fetching from elsewhere: %s', async (_, url, headers) => {
    const { look } = await testServer();
    const answer = (await look(url, headers)).headers;
    expect(answer).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    });
    const policy = String(answer['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toMatch(/https?:|\*/);
  });
});
