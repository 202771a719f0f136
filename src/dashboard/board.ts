import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';

/** Where Bull Board lies. */
export const BOARD_PATH = '/queues';

export interface Board {
  show(queues: readonly Queue[]): void;
}

/** Adds Bull Board, which shows no queues yet. */
export function addBoard(server: FastifyInstance, host: string, onError: (error: Error) => void): Board {
  const adapter = new FastifyAdapter().setBasePath(BOARD_PATH);
  const uiConfig = {
    boardTitle: `savorg-ops · ${host}`,
    miscLinks: [{ text: 'Status', url: '/' }],
    hideDocsLink: true,
    sortQueues: false,
  };
  const board = createBullBoard({ queues: [], serverAdapter: adapter, options: { uiConfig } });
  adapter.setErrorHandler((error) => {
    onError(error);
    return { status: 500, body: { error: { key: 'ERRORS.INTERNAL_SERVER_ERROR' }, message: error.message } };
  });
  server.register(adapter.registerPlugin(), { prefix: BOARD_PATH });
  return {
    show: (queues) => board.replaceQueues(queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true }))),
  };
}
