import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aclUsers } from '../../src/adapters/redis-acl.ts';
import { queueNames } from '../../src/contract/queues.ts';
import { realRedis } from './real-redis.ts';

const SCRIPTS = join(dirname(createRequire(import.meta.url).resolve('bullmq')), 'scripts');
const sources = new Map(
  readdirSync(SCRIPTS).map((name) => [name.split('-')[0] ?? '', readFileSync(join(SCRIPTS, name), 'utf8')]),
);

/** What these scripts of BullMQ call; where the name is computed, it is an LPUSH or RPUSH. */
function calledBy(...names: string[]): string[] {
  const calls = names.flatMap((name) => [
    ...(sources.get(name) ?? '').matchAll(/\bredis\.p?call\(\s*["'](\w+)|\brcall\(\s*(?:["'](\w+)|pushCmd)/g),
  ]);
  const commands = calls.flatMap(([, direct, local]) => direct ?? local ?? ['lpush', 'rpush']);
  return [...new Set(commands.map((command) => command.toLowerCase()))];
}

const GETTERS =
  'getCounts getCountsPerPriority getDependencyCounts getJobScheduler getJobs getMetrics getRanges getState getStateV2 isFinished isJobInList isMaxed paginate';
const SENDING = 'addStandardJob addDelayedJob addPrioritizedJob addParentJob';
const WORKING =
  'addLog extendLock extendLocks moveStalledJobsToWait moveToActive moveToDelayed moveToFinished promote releaseLock updateProgress';

const users = aclUsers(queueNames(), 'mini-1');
const rulesOf = (name: string): string => users.find((user) => user.name === name)?.rules ?? '';
const allowed = (name: string): string[] =>
  [...rulesOf(name).matchAll(/ \+([a-z]+)/g)].map(([, command = '']) => command);

describe('the commands of a user', () => {
  it.each(['savorg-manager', 'savorg-daemon-mini-1'])('are all that the scripts of this BullMQ call: %s', (name) => {
    expect(calledBy('moveToFinished').length).toBeGreaterThan(30);
    const needed = calledBy(...`${GETTERS} ${SENDING} ${WORKING}`.split(' '));
    expect(needed.filter((command) => !allowed(name).includes(command))).toEqual([]);
  });

  it('are no more than that and what a connection says itself', () => {
    const needed = calledBy(...`${GETTERS} ${SENDING} ${WORKING}`.split(' '));
    const own = allowed('savorg-daemon-mini-1').filter((command) => !needed.includes(command));
    const commands =
      'bzpopmin client eval evalsha exec getrange hkeys hscan hstrlen info memory multi scan sscan xinfo xrange xread';
    expect(own.toSorted()).toEqual(commands.split(' '));
    expect(allowed('savorg-security').toSorted()).toEqual(['info', 'xadd']);
  });

  it('change nothing where it only looks, and it can do what looking needs', () => {
    const needed = calledBy(...GETTERS.split(' '));
    // They take away what an old BullMQ may have left in a list, and nothing of ours has.
    expect(needed.filter((command) => !allowed('savorg-dashboard').includes(command))).toEqual(['rpop']);
  });
});

it('a prefix that rules cannot hold is refused', () => {
  for (const prefix of ['a b', 'a*', 'a\n+@all', '[a]', 'a?', 'a\\', '"a"'])
    expect(() => aclUsers(queueNames({ prefix }), 'mini-1')).toThrow(/^queues\.prefix: .* cannot stand in a rule/);
});

describe('a user is refused what it has no business with', () => {
  const real = realRedis();
  const connections: Redis[] = [];
  let admin: Redis;

  beforeEach(async () => {
    admin = real.connect();
    for (const { name, rules } of users)
      await admin.call('ACL', 'SETUSER', name, 'reset', 'on', `>${name}`, ...rules.split(' '));
  });
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.disconnect();
  });

  /** How Redis answers this user. */
  async function answer(username: string, line: string): Promise<string> {
    const redis = new Redis(real.url, { username, password: username });
    connections.push(redis);
    const [command = '', ...args] = line.split(' ');
    return redis.call(command, ...args).then(
      () => 'OK',
      ({ message }: Error) => (/NOPERM|The user executing the script can't/.test(message) ? 'denied' : message),
    );
  }

  const everybody = [
    'CONFIG GET requirepass',
    'CONFIG SET maxmemory 1',
    'FLUSHALL',
    'FLUSHDB',
    'KEYS *',
    'SHUTDOWN NOSAVE',
    'ACL LIST',
    'ACL SETUSER me on nopass ~* +@all',
    'CLIENT KILL TYPE normal',
    'CLIENT PAUSE 10',
    'MONITOR',
    'REPLICAOF 127.0.0.1 1',
    'MODULE LIST',
    'SWAPDB 0 1',
    'FUNCTION FLUSH',
    'SCRIPT FLUSH',
    'PUBLISH a b',
    'SUBSCRIBE a',
    'GET other',
    'SET other 1',
    'GET {savorg}:published:mini-2',
    'EVAL return(redis.call("GET","other")) 0',
    'EVAL return(redis.call("FLUSHALL")) 0',
  ];
  const sending = ['HSET {savorg}:ops:1 data {}', 'LPUSH {savorg}:ops:wait 1', 'DEL {savorg}:ops-mini-1:meta'];
  const looking = ['HGETALL {savorg}:ops:1', 'LRANGE {savorg}:ops-results:wait 0 -1', 'ZCARD {savorg}:ops:failed'];
  const control = ['XADD {savorg}:ops-control * token x'];
  const silencing = [
    'DEL {savorg}:ops-control',
    'XTRIM {savorg}:ops-control MAXLEN 0',
    'EVAL redis.call("DEL","{savorg}:ops-control") 0',
    'SET {savorg}:ops-control x',
  ];
  const mark = ['SET {savorg}:published:mini-1 1', 'GET {savorg}:published:mini-1'];
  const elsewhere = ['HSET {savorg}:ops-mini-2:1 data {}', 'HGETALL {savorg}:ops-mini-2:1'];
  const reading = ['XRANGE {savorg}:ops-control - +', 'XREAD STREAMS {savorg}:ops-control 0-0'];

  it.each<[string, { may: string[]; mayNot: string[] }]>([
    [
      'savorg-manager',
      { may: [...sending, ...looking, ...control, ...elsewhere], mayNot: [...mark, ...silencing, 'SCAN 0'] },
    ],
    [
      'savorg-plan-review',
      { may: control, mayNot: [...sending, ...silencing, ...looking, ...mark, ...reading, 'SCAN 0'] },
    ],
    [
      'savorg-security',
      { may: control, mayNot: [...sending, ...silencing, ...looking, ...mark, ...reading, 'SCAN 0'] },
    ],
    ['savorg-dashboard', { may: looking, mayNot: [...sending, ...control, ...mark, ...reading, 'SCAN 0'] }],
    [
      'savorg-daemon-mini-1',
      { may: [...sending, ...looking, ...control, ...mark, ...reading, 'SCAN 0'], mayNot: elsewhere },
    ],
  ])('%s', async (name, { may, mayNot }) => {
    const answers = (lines: string[]) => Promise.all(lines.map(async (line) => [line, await answer(name, line)]));
    expect(await answers(may)).toEqual(may.map((line) => [line, 'OK']));
    const refused = [...everybody, ...mayNot];
    expect(await answers(refused)).toEqual(refused.map((line) => [line, 'denied']));
  });
});
