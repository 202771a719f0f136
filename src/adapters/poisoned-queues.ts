import { isUtf8 } from 'node:buffer';
import type { Redis } from 'ioredis';
import type { PoisonedQueues } from '../services/quarantine.ts';

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
};

/** A string beyond this is near what Node can hold at all. */
const LARGEST_JOB = 256 * 1024 * 1024;

/**
 * ARGV: what is kept beside jobs. `trouble(id)` says why a job can never be delivered or never be finished; false where
 * it can. What BullMQ counts with HINCRBY must be numbers, and it decodes a parent before it finishes a job.
 */
const TROUBLE = `
local prefix, own = KEYS[1], cjson.decode(ARGV[1])
local function typeOf(key) return redis.call('TYPE', key).ok end
local function misplaced(name)
  local is = typeOf(prefix .. name)
  return is ~= 'none' and is ~= own[name] and 'is a ' .. is .. ' where BullMQ keeps a ' .. own[name]
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
    local value = redis.call('HGET', key, count) or '0'
    if #value > 15 or not string.find(value, '^%d+$') then return 'has a field ' .. count .. ' that is no number' end
  end
  local parent = redis.call('HGET', key, 'parent')
  return parent and oddParent(parent) and 'has a parent that BullMQ cannot read'
end
`;

/** Looks at the queue's own keys and at the hundred jobs that come next in each state: as cheap with 10,000 as with 100. */
const FIND = `${TROUBLE}
local found = {}
local function note(name, why, isJob) if why and #found < 100 then found[#found + 1] = {name, why, isJob} end end
for name in pairs(own) do note(name, misplaced(name), 0) end
local function look(ids) for _, id in ipairs(ids) do note(id, trouble(id), 1) end end
for _, list in ipairs({'wait', 'active', 'paused'}) do
  if not misplaced(list) then look(redis.call('LRANGE', prefix .. list, -100, -1)) end
end
for _, set in ipairs({'delayed', 'prioritized'}) do
  if not misplaced(set) then look(redis.call('ZRANGE', prefix .. set, 0, 99)) end
end
return found
`;

/** ARGV[2] a name, ARGV[3] whether it is a job's. A key that is not the job's alone stays. */
const REMOVE = `${TROUBLE}
local name, isJob = ARGV[2], ARGV[3] == '1'
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
`;

/** ARGV[2] a name. Fields and values in turn, or members; of long ones only the length. */
const CONTENTS = `
local key = KEYS[1] .. ARGV[2]
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
`;

/** The task queues by their names; what reaches them is anybody's. */
export function poisonedQueues(redis: Redis, prefix: string, queues: readonly string[]): PoisonedQueues {
  const run = (script: string, queue: string, ...args: (string | Buffer)[]) =>
    redis.callBuffer('EVAL', script, 1, `${prefix}:${queue}:`, JSON.stringify(OWN_KEYS), ...args);
  const find = async (queue: string) => {
    const found = (await run(FIND, queue)) as [Buffer, Buffer, number][];
    return found.map(([name, why, isJob]) => ({ queue, name, why: why.toString(), isJob: isJob === 1 }));
  };
  return {
    find: async () => (await Promise.all(queues.map(find))).flat(),
    contents: async ({ queue, name }) => ((await run(CONTENTS, queue, name)) as Buffer[]).map(readable),
    remove: async ({ queue, name, isJob }) => void (await run(REMOVE, queue, name, isJob ? '1' : '0')),
  };
}

/** Bytes that are no text would not survive JSON. */
const readable = (value: Buffer): string | { base64: string } =>
  isUtf8(value) ? value.toString() : { base64: value.toString('base64') };
