import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it, onTestFinished } from 'vitest';
import { openDashboard } from '../../src/dashboard/index.ts';
import { OpsError } from '../../src/errors.ts';
import { temporaryFolder } from '../services/support.ts';
import { basic, testOptions } from './support.ts';

async function opened(settings: Partial<ReturnType<typeof testOptions>['settings']> = {}) {
  const options = testOptions({ settings: { host: '127.0.0.1', port: 0, tls: null, hosts: [], ...settings } });
  const dashboard = await openDashboard(options);
  onTestFinished(() => dashboard[Symbol.asyncDispose]());
  const authorization = basic(readFileSync(options.passwordFile, 'utf8').trim());
  return { ...options, dashboard, authorization };
}

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

it.each(['127.0.0.1', 'localhost', ...(hasIPv6 ? ['::1'] : [])])('answers on %s', async (host) => {
  const { dashboard, authorization } = await opened({ host });
  expect(dashboard.url).toMatch(host === '::1' ? /^http:\/\/\[::1\]:\d+$/ : `http://${host}:`);
  expect((await fetch(`${dashboard.url}/healthz`)).status).toBe(200);
  expect((await fetch(dashboard.url)).status).toBe(401);
  expect((await fetch(dashboard.url, { headers: { authorization } })).status).toBe(200);
});

it('takes another port where its own is taken, and says so', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { dashboard, logged } = await opened({ port });
  expect(dashboard.url).not.toContain(`:${port}`);
  expect((await fetch(`${dashboard.url}/healthz`)).status).toBe(200);
  expect(logged).toEqual(["the dashboard's port is taken; it listens on another one"]);
});

it('closes at once, although browsers keep their connections', async () => {
  const { dashboard } = await opened();
  await (await fetch(`${dashboard.url}/healthz`)).text();
  await dashboard[Symbol.asyncDispose]();
  await expect(fetch(`${dashboard.url}/healthz`)).rejects.toThrow('fetch failed');
});

it('lets nobody hold all its places with requests that do not end', async () => {
  const { dashboard } = await opened();
  const { port } = new URL(dashboard.url);
  for (let n = 0; n < 64; n += 1)
    connect(Number(port), '127.0.0.1')
      .on('error', () => undefined)
      .write('GET / HTTP/1.1\r\n');
  const answers = () =>
    fetch(`${dashboard.url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(answers, { timeout: 15_000 }).toBe(true);
}, 20_000);

it('cannot listen on an address that is not here', async () => {
  await expect(opened({ host: '192.0.2.1' })).rejects.toThrow('EADDRNOTAVAIL');
});

it('speaks TLS with the certificate that it was given', async () => {
  const folder = temporaryFolder();
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=mini-1.example', '-keyout', key, '-out', certificate];
  await execa('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject]);
  const { dashboard, authorization } = await opened({ tls: { certificate, key }, hosts: ['mini-1.example'] });
  expect(dashboard.url).toMatch(/^https:/);
  const headers = { authorization, host: 'mini-1.example', origin: 'https://mini-1.example' };
  const sent = request(dashboard.url, { headers, ca: readFileSync(certificate), servername: 'mini-1.example' }).end();
  const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  expect(answer.statusCode).toBe(200);
});

it.each([
  ['that is not there', undefined],
  ['that is none', 'no certificate'],
])('says what is wrong with a certificate %s', async (_, text) => {
  const certificate = join(temporaryFolder(), 'cert.pem');
  if (text !== undefined) writeFileSync(certificate, text);
  const failure = await opened({ tls: { certificate, key: certificate } }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(OpsError);
  expect((failure as Error).message).toMatch(/^dashboard\.tls: /);
});
