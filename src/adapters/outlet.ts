import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RoleKey } from '../contract/keyring.ts';
import { signBody } from '../contract/report.ts';
import type { OutboxRow } from '../services/ledger.ts';
import type { Outlet } from '../services/publisher.ts';
import { RedisScript } from './redis-script.ts';

export interface OutletOptions {
  results: Queue;
  alerts: Queue;
  redis: Redis;
  /** The key of this host's mark. */
  markKey: string;
  hostKey: RoleKey;
}

/** KEYS[1] the mark. What nobody of ours wrote there is none, and goes: it could be neither read nor moved. */
const MARK = new RedisScript(`
local mark = redis.pcall('GET', KEYS[1])
if mark == '0' or type(mark) == 'string' and #mark <= 15 and string.find(mark, '^[1-9]%d*$') then return mark end
redis.call('DEL', KEYS[1])`);

/** KEYS[1] the mark, ARGV[1] where it must be ('' for nowhere), ARGV[2] where it goes; 1 if it was moved. */
const MOVE = new RedisScript(`
if (redis.pcall('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1`);

/** Signs messages and puts them on their queues; their ids make publishing twice harmless. */
export function queueOutlet({ results, alerts, redis, markKey, hostKey }: OutletOptions): Outlet {
  const jobOf = async ({ kind, id, body }: OutboxRow) => {
    const signature = await signBody(hostKey, id, body);
    return { name: kind, data: { ...body, signature }, opts: { jobId: id } };
  };
  const jobsOf = (kind: OutboxRow['kind'], rows: readonly OutboxRow[]) =>
    Promise.all(rows.filter((row) => row.kind === kind).map(jobOf));
  return {
    publish: async (rows) => {
      const [reports, raised] = await Promise.all([jobsOf('report', rows), jobsOf('alert', rows)]);
      await Promise.all([results.addBulk(reports), alerts.addBulk(raised)]);
    },
    mark: async () => {
      const mark = await MARK.run(redis, markKey);
      return mark === null ? null : Number(mark);
    },
    moveMark: async (from, to) => (await MOVE.run(redis, markKey, from ?? '', to)) === 1,
  };
}
