import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DashboardSettings } from '../dashboard-settings.ts';
import { coerceError, OpsError } from '../errors.ts';
import { passwordIn } from '../password.ts';
import type { Dashboard, DashboardOptions } from './dashboard.ts';
import { LazyApp } from './lazy-app.ts';

export type * from './dashboard.ts';

/** Who begins a request and does not end it keeps a place from others for so long. */
const LIMITS = { requestTimeout: 5_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 };
const CONNECTIONS = 64;

/** Starts the dashboard, on another port where its own is taken. @throws OpsError that says what to mend. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { settings, passwordFile, log } = options;
  const password = passwordIn(passwordFile);
  const app = new LazyApp(options, password);
  const server = serverWith(settings.tls, (request, response) => void app.answer(request, response));
  server.maxConnections = CONNECTIONS;
  await listen(server, options);
  server.on('error', (error) => log.error({ reason: error.message }, 'the dashboard cannot take connections'));
  return {
    url: urlOf(server, settings),
    password,
    show: (sources) => app.show(sources),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await app[Symbol.asyncDispose]();
    },
  };
}

function serverWith(tls: DashboardSettings['tls'], answer: http.RequestListener): http.Server {
  if (!tls) return http.createServer(LIMITS, answer);
  try {
    return https.createServer({ ...LIMITS, cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, answer);
  } catch (error) {
    throw new OpsError(`dashboard.tls: ${coerceError(error).message}`, { cause: error });
  }
}

async function listen(server: http.Server, { settings: { host, port }, log }: DashboardOptions): Promise<void> {
  try {
    await once(server.listen(port, host), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await once(server.listen(0, host), 'listening');
    log.warn({ detail: { port } }, "the dashboard's port is taken; it listens on another one");
  }
}

function urlOf(server: http.Server, { host, tls }: DashboardSettings): string {
  const { port } = server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
