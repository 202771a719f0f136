import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { type FastifyInstance, fastify } from 'fastify';
import { coerceError, OpsError } from '../errors.ts';
import { addChecks } from './checks.ts';
import type { DashboardOptions, DashboardSources } from './dashboard.ts';
import { passwordIn } from './password.ts';
import { redacted } from './redacted.ts';
import { addRoutes } from './routes.ts';

/** Longer answers mean that Redis hangs. */
const ANSWER_MS = 5_000;
const REQUEST_MS = 10_000;
const CONNECTIONS = 64;

interface DashboardServer {
  server: FastifyInstance;
  show: (sources: DashboardSources | null) => void;
}

/** The dashboard without its socket. @throws OpsError where its password or certificate cannot be used. */
export async function dashboardServer(options: DashboardOptions): Promise<DashboardServer> {
  const { settings, passwordFile, redactor } = options;
  const server = fastify({
    https: certificate(settings.tls),
    handlerTimeout: ANSWER_MS,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: true,
  });
  server.server.maxConnections = CONNECTIONS;
  await addChecks(server, passwordIn(passwordFile), namesOf(settings));
  server.addHook('preSerialization', async (_request, _reply, body) => redacted(body, redactor()));
  const complain = complaints(options);
  server.setErrorHandler<Error>((error, _request, reply) => {
    complain(error);
    void reply.code(500).send({ error: error.message });
  });
  server.setNotFoundHandler((_request, reply) => void reply.code(404).send({ error: 'there is nothing here' }));
  return { server, show: addRoutes(server, options, complain) };
}

/** Logs what goes wrong once, although people and machines ask again every few seconds. */
function complaints({ log }: DashboardOptions): (error: Error) => void {
  let last = '';
  return ({ message, stack }) => {
    if (message !== last) log.error({ reason: stack }, 'the dashboard could not answer');
    last = message;
  };
}

function namesOf({ host, hosts }: DashboardOptions['settings']): ReadonlySet<string> {
  const own = host.includes(':') ? `[${host}]` : host;
  return new Set(['127.0.0.1', 'localhost', '[::1]', own, ...hosts.map((name) => name.toLowerCase())]);
}

function certificate(tls: DashboardOptions['settings']['tls']) {
  if (!tls) return null;
  try {
    const pair = { cert: readFileSync(tls.certificate), key: readFileSync(tls.key) };
    createSecureContext(pair);
    return pair;
  } catch (error) {
    throw new OpsError(`dashboard.tls: ${coerceError(error).message}`, { cause: error });
  }
}
