import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FastifyInstance, fastify } from 'fastify';
import { redacted } from '../secret.ts';
import { addChecks } from './checks.ts';
import type { DashboardOptions } from './dashboard.ts';
import { addRoutes, type Show } from './routes.ts';

/** Longer answers mean that Redis hangs. */
const ANSWER_MS = 5_000;

/** Everything of the dashboard but its socket. */
export interface App extends AsyncDisposable {
  server: FastifyInstance;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  show: Show;
}

export async function dashboardApp(options: DashboardOptions, password: string): Promise<App> {
  const server = fastify({ handlerTimeout: ANSWER_MS });
  await addChecks(server, password, namesOf(options.settings));
  server.addHook('preSerialization', async (_request, _reply, body) => redacted(body, options.redactor));
  const complain = complaints(options);
  server.setErrorHandler<Error>((error, _request, reply) => {
    complain(error);
    void reply.code(500).send({ error: error.message });
  });
  server.setNotFoundHandler((_request, reply) => void reply.code(404).send({ error: 'there is nothing here' }));
  const show = addRoutes(server, options, complain);
  await server.ready();
  const answer = (request: IncomingMessage, response: ServerResponse) => server.routing(request, response);
  return { server, answer, show, [Symbol.asyncDispose]: () => server.close() };
}

/** Logs what goes wrong once, although people and machines ask again every few seconds. */
function complaints({ log }: DashboardOptions): (error: Error) => void {
  let last = '';
  return ({ message, stack = message }) => {
    if (message !== last) log.error({ reason: stack }, 'the dashboard could not answer');
    last = message;
  };
}

function namesOf({ host, hosts }: DashboardOptions['settings']): ReadonlySet<string> {
  const own = host.includes(':') ? `[${host}]` : host;
  return new Set(['127.0.0.1', 'localhost', '[::1]', own, ...hosts.map((name) => name.toLowerCase())]);
}
