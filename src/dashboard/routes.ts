import type { FastifyInstance } from 'fastify';
import { redacted } from '../secret.ts';
import { addBoard, BOARD_PATH } from './board.ts';
import type { DashboardOptions, DashboardSources } from './dashboard.ts';
import { isUp, Metrics } from './metrics.ts';
import { statusPage } from './page.ts';
import { statusOf } from './status.ts';

/** Measured: 10,000 results of 8 KB on one page cost the daemon 590 MB, and half a second in which it does nothing else. */
const JOBS_PER_PAGE = 100;

/** Changes what there is to show; reports up to the message `since` are not counted. */
export type Show = (sources: DashboardSources | null, since: number) => void;

/** Adds everything that can be looked at. */
export function addRoutes(
  server: FastifyInstance,
  { host, state, redactor }: DashboardOptions,
  onError: (error: Error) => void,
): Show {
  const metrics = new Metrics({ host, state });
  let shown: DashboardSources | null = null;
  server.get('/', (_request, reply) => {
    const status = redacted(statusOf(host, state(), shown), redactor);
    return reply.type('text/html').send(statusPage(status));
  });
  server.get('/healthz', () => ({ alive: true }));
  server.get('/readyz', (_request, reply) => {
    const { state: now, reason } = state();
    return reply.code(now === 'ready' ? 200 : 503).send({ state: now, reason });
  });
  server.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text(shown)));
  const board = addBoard(server, host, onError);
  server.addHook('preHandler', async ({ routeOptions, query }, reply) => {
    if (!routeOptions.url?.startsWith(`${BOARD_PATH}/api/`)) return;
    if (shown && !isUp(shown.redis)) return reply.code(503).send({ error: 'Redis cannot be reached' });
    if (!isPage(query)) return reply.code(400).send({ error: `jobsPerPage: at most ${JOBS_PER_PAGE}` });
  });
  return (sources, since) => {
    shown = sources;
    metrics.countAfter(since);
    board.show(sources?.queues ?? []);
  };
}

function isPage(query: unknown): boolean {
  const { jobsPerPage = '10' } = query as { jobsPerPage?: string };
  return Number(jobsPerPage) <= JOBS_PER_PAGE;
}
