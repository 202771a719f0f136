import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Dashboard, DashboardOptions } from './dashboard.ts';
import { dashboardServer } from './server.ts';

export type * from './dashboard.ts';

/** Starts the dashboard, on another port where its own is taken. @throws OpsError that says what to mend. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { server, show } = await dashboardServer(options);
  await listen(server, options);
  return { url: urlOf(server, options), show, [Symbol.asyncDispose]: () => server.close() };
}

async function listen(server: FastifyInstance, { settings: { host, port }, log }: DashboardOptions): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    await server.listen({ host, port: 0 });
    log.warn({ port }, "the dashboard's port is taken; it listens on another one");
  }
}

function urlOf(server: FastifyInstance, { settings: { host, tls } }: DashboardOptions): string {
  const { port } = server.server.address() as AddressInfo;
  return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
