import { isUtf8 } from 'node:buffer';
import type { Redis } from 'ioredis';
import type { QueueNames } from '../contract/queues.ts';
import type { PoisonedQueues } from '../services/quarantine.ts';
import { RedisScript } from './redis-script.ts';

/** What BullMQ 6.7 keeps for a queue beside its jobs, and as which type of Redis. */
const OWN_KEYS = {
  wait: 'list',
  active: 'list',
  paused: 'list',
  delayed: 'zset',
  prioritized: 'zset',
  completed: 'zset',
  failed: 'zset',
  'waiting-children': 'zset',
  repeat: 'zset',
  marker: 'zset',
  stalled: 'set',
  'stalled-check': 'string',
  meta: 'hash',
  events: 'stream',
  pc: 'string',
  id: 'string',
  limiter: 'string',
};

/** A string beyond this is near what Node can hold at all. */
const LARGEST_JOB = 256 * 1024 * 1024;

/**
 * What is wrong with a key of the queue's own, though its type is right. An id of a stream is milliseconds and a number:
 * after the largest one nothing can be added. What BullMQ reads as a number must be one. Nothing in `meta` may keep the
 * tasks of a queue back: a pause is a signed statement.
 */
const SPOILED = `
local function isCount(value) return #value <= 15 and string.find(value, '^%d+$') end
local function takesNoMore(key)
  local info = redis.call('XINFO', 'STREAM', key)
  for at = 1, #info, 2 do
    if info[at] == 'last-generated-id' then return #string.match(info[at + 1], '^%d+') > 15 end
  end
end
local function oddMeta(key)
  local fields = {'concurrency', 'max', 'duration', 'opts.maxLenEvents', 'paused'}
  local values = redis.call('HMGET', key, unpack(fields))
  for at, field in ipairs(fields) do
    local value = values[at]
    if value and at < 5 and not isCount(value) then return 'has a field ' .. field .. ' that is no number' end
    if value and at ~= 4 and holdsTasks then return 'has a field ' .. field .. ', by which tasks are kept back' end
  end
  return false
end
local function spoiled(key, is)
  if is == 'stream' then return takesNoMore(key) and 'is a stream that takes no more entries' end
  if is == 'string' then return not isCount(redis.call('GETRANGE', key, 0, 15)) and 'is no number' end
  return is == 'hash' and oddMeta(key)
end
`;

/**
 * ARGV: what is kept beside jobs, whether these are tasks. `misplaced(name)` says what is wrong with a key of the queue's
 * own, `trouble(id)` why a job can never be delivered or never be finished; false where nothing is. What BullMQ counts
 * with HINCRBY must be numbers, and it decodes a parent before it finishes a job.
 */
const TROUBLE = `
local prefix, own, holdsTasks = KEYS[1], cjson.decode(ARGV[1]), ARGV[2] == '1'
local function typeOf(key) return redis.call('TYPE', key).ok end
${SPOILED}
local function misplaced(name)
  local is = typeOf(prefix .. name)
  if is == 'none' then return false end
  if is ~= own[name] then return 'is a ' .. is .. ' where a ' .. own[name] .. ' is kept' end
  return spoiled(prefix .. name, is)
end
local function oddParent(json)
  local ok, parent = pcall(cjson.decode, json)
  return not (ok and type(parent) == 'table' and type(parent.id) == 'string' and type(parent.queueKey) == 'string')
end
local function trouble(id)
  local key = prefix .. id
  local is = typeOf(key)
  if own[id] or string.find(id, '[\\128-\\255]') then return 'is no name for a job' end
  if is == 'none' then return false end
  if is ~= 'hash' then return 'is a ' .. is .. ', not a hash' end
  if redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) > ${LARGEST_JOB} then return 'takes more than ${LARGEST_JOB} bytes' end
  for _, count in ipairs({'ats', 'atm', 'stc'}) do
    if not isCount(redis.call('HGET', key, count) or '0') then return 'has a field ' .. count .. ' that is no number' end
  end
  local parent = redis.call('HGET', key, 'parent')
  return parent and oddParent(parent) and 'has a parent that BullMQ cannot read'
end
`;

/** Looks at the queue's own keys and at the hundred tasks that come next in each state: as cheap with 10,000 as with 100. */
const FIND = new RedisScript(`${TROUBLE}
local found = {}
local function note(name, why, isJob) if why and #found < 100 then found[#found + 1] = {name, why, isJob} end end
for name in pairs(own) do note(name, misplaced(name), 0) end
if not holdsTasks then return found end
local function look(ids) for _, id in ipairs(ids) do note(id, trouble(id), 1) end end
for _, list in ipairs({'wait', 'active', 'paused'}) do
  if not misplaced(list) then look(redis.call('LRANGE', prefix .. list, -100, -1)) end
end
for _, set in ipairs({'delayed', 'prioritized'}) do
  if not misplaced(set) then look(redis.call('ZRANGE', prefix .. set, 0, 99)) end
end
return found
`);

/** ARGV[3] a name, ARGV[4] whether it is a job's. A key that is not the job's alone stays. */
const REMOVE = new RedisScript(`${TROUBLE}
local name, isJob = ARGV[3], ARGV[4] == '1'
if not isJob then
  if misplaced(name) then redis.call('DEL', prefix .. name) end
  return
end
if not trouble(name) then return end
for _, list in ipairs({'wait', 'active', 'paused'}) do
  if not misplaced(list) then redis.call('LREM', prefix .. list, 0, name) end
end
for _, set in ipairs({'delayed', 'prioritized'}) do
  if not misplaced(set) then redis.call('ZREM', prefix .. set, name) end
end
if not own[name] and not string.find(name, ':', 1, true) then
  redis.call('DEL', prefix .. name, prefix .. name .. ':lock', prefix .. name .. ':logs')
end
`);

/** ARGV[3] a name. Fields and values in turn, or members; of long ones only the length. */
const CONTENTS = new RedisScript(`
local key = KEYS[1] .. ARGV[3]
local is = redis.call('TYPE', key).ok
local all = {}
if is == 'string' then all = {redis.call('GETRANGE', key, 0, 65535)}
elseif is == 'list' then all = redis.call('LRANGE', key, 0, 49)
elseif is == 'zset' then all = redis.call('ZRANGE', key, 0, 49, 'WITHSCORES')
elseif is == 'hash' then
  for at, field in ipairs(redis.call('HKEYS', key)) do
    if at > 50 then break end
    all[#all + 1] = field
    local long = redis.call('HSTRLEN', key, field)
    all[#all + 1] = long > 65536 and '(' .. long .. ' bytes)' or redis.call('HGET', key, field)
  end
end
for at, value in ipairs(all) do all[at] = string.sub(value, 1, 65536) end
return all
`);

/** Somewhere to look: a queue, or one key by itself, whose name beside `base` is empty. */
interface Place {
  queue: string;
  base: string;
  own: Record<string, string>;
  holdsTasks: boolean;
}

function placesOf({ prefix, tasks, hostTasks, results, alerts, control }: QueueNames, host: string): Place[] {
  const queue = (name: string, holdsTasks: boolean): Place => ({
    queue: name,
    base: `${prefix}:${name}:`,
    own: OWN_KEYS,
    holdsTasks,
  });
  return [
    ...[tasks, hostTasks(host)].map((name) => queue(name, true)),
    ...[results, alerts].map((name) => queue(name, false)),
    { queue: control.slice(prefix.length + 1), base: control, own: { '': 'stream' }, holdsTasks: false },
  ];
}

/** What this host takes from and adds to; what reaches it is anybody's. What others take from the queues it adds to is theirs. */
export function poisonedQueues(redis: Redis, names: QueueNames, host: string): PoisonedQueues {
  const places = placesOf(names, host);
  const run = (script: RedisScript, { base, own, holdsTasks }: Place, ...args: (string | Buffer)[]) =>
    script.runForBytes(redis, base, JSON.stringify(own), holdsTasks ? '1' : '0', ...args);
  const find = async (place: Place) => {
    const found = (await run(FIND, place)) as [Buffer, Buffer, number][];
    return found.map(([name, why, isJob]) => ({
      queue: place.queue,
      name,
      why: why.toString(),
      isJob: isJob === 1,
      contents: async () => ((await run(CONTENTS, place, name)) as Buffer[]).map(readable),
      remove: async () => void (await run(REMOVE, place, name, isJob === 1 ? '1' : '0')),
    }));
  };
  return { find: async () => (await Promise.all(places.map(find))).flat() };
}

/** Bytes that are no text would not survive JSON. */
const readable = (value: Buffer): string | { base64: string } =>
  isUtf8(value) ? value.toString() : { base64: value.toString('base64') };
