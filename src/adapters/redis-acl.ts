import type { QueueNames } from '../contract/queues.ts';
import { OpsError } from '../errors.ts';

/** A user of Redis: its name, and what it may do, as in a line of an aclfile; its password is not among it. */
export interface AclUser {
  name: string;
  rules: string;
}

/** What BullMQ needs to show a queue. Its scripts run as whoever calls them. */
const LOOK =
  'eval evalsha multi exec exists get hexists hget hgetall hlen hmget hscan lindex llen lpos lrange pttl scard smembers sscan type zcard zcount zrange zrevrange zscore';
/** What it needs besides to add jobs, and to take and end them. */
const WORK =
  'bzpopmin del hdel hincrby hmset hset incr lpop lpush lrem ltrim persist pexpire rpop rpoplpush rpush sadd set srem xadd xtrim zadd zpopmin zrangebyscore zrem zremrangebyrank zremrangebyscore zrevrangebyscore';
/** What the daemon needs besides to look at what BullMQ cannot deliver. */
const SET_ASIDE = 'getrange hkeys hstrlen memory|usage xinfo|stream';
/** In the place of a host's name: whoever works with all of them. */
const ANY_HOST = '*';

/**
 * The users that Ops and those around it need, each with the least that works. Whoever may add to a queue may spoil it,
 * too: what counts are the signatures.
 * @throws OpsError where the prefix of the configuration cannot stand in a rule.
 */
export function aclUsers(queues: QueueNames, host: string): AclUser[] {
  refuseUnwritable(queues.prefix);
  const { control, published, probe } = queues;
  const around = queueKeys(queues, ANY_HOST);
  return [
    user('manager', around, [LOOK, WORK, 'xread'], `(~${control} +xadd +xread)`),
    user('plan-review', [control], ['xadd']),
    user('security', [control], ['xadd']),
    user('dashboard', around, [LOOK, 'client|list']),
    // SCAN tells the names of all keys, and nothing of what is in them.
    user(
      `daemon-${host}`,
      [...queueKeys(queues, host), control, published(host), probe(host)],
      [LOOK, WORK, SET_ASIDE, 'client|list xread xrange scan'],
    ),
  ];
}

function queueKeys({ prefix, tasks, hostTasks, results, alerts }: QueueNames, host: string): string[] {
  return [tasks, hostTasks(host), results, alerts].map((queue) => `${prefix}:${queue}:*`);
}

/** `beside`: what it may do with other keys, and with nothing else. */
function user(role: string, keys: readonly string[], commands: readonly string[], beside = ''): AclUser {
  const patterns = keys.map((key) => `~${key}`);
  const allowed = ['info', ...commands.flatMap((names) => names.split(' '))].map((name) => `+${name}`);
  const rules = ['resetchannels', ...patterns, '-@all', '+@connection', '-@dangerous', ...allowed];
  return { name: `savorg-${role}`, rules: [...rules, beside].join(' ').trimEnd() };
}

/** In a rule a space ends it, quotes mean nothing, and some signs are patterns. */
function refuseUnwritable(prefix: string): void {
  if (/^[^\s*?[\]\\"']+$/.test(prefix)) return;
  throw new OpsError(`queues.prefix: ${JSON.stringify(prefix)} cannot stand in a rule of Redis: use letters and -:{}`);
}
