import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RoleKey } from '../contract/keyring.ts';
import { signBody } from '../contract/report.ts';
import type { OutboxRow } from '../services/ledger.ts';
import type { Outlet } from '../services/publisher.ts';

export interface OutletOptions {
  results: Queue;
  alerts: Queue;
  redis: Redis;
  /** The key of this host's mark. */
  markKey: string;
  hostKey: RoleKey;
}

/** Signs messages and puts them on their queues; their ids make publishing twice harmless. */
export function queueOutlet({ results, alerts, redis, markKey, hostKey }: OutletOptions): Outlet {
  return {
    publish: async ({ kind, id, body }: OutboxRow) => {
      const signature = await signBody(hostKey, id, body);
      const queue = kind === 'report' ? results : alerts;
      await queue.add(kind, { ...body, signature }, { jobId: id });
    },
    mark: async () => {
      const mark = await redis.get(markKey);
      return mark === null ? null : Number(mark);
    },
    setMark: async (seq) => {
      await redis.set(markKey, seq);
    },
  };
}
