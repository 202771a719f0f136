import { type BackendFactory, createRedisBackend, type RedisQueueBackend } from 'bullmq';
import { SUBMISSION_BOUNDS } from '../admission/parse.ts';

/**
 * BullMQ's way to Redis for a worker that believes nothing of a job but its name, its data and how often it was started.
 * The rest is unsigned: options, scheduler and parent could multiply runs, fail the job without a report, or keep BullMQ
 * from delivering it at all. (A flow's parent is told by Redis itself.)
 */
export const bareBackend: BackendFactory<RedisQueueBackend> = (name, opts, options) => {
  const backend = createRedisBackend(name, opts, options);
  const execute = backend.execCommand.bind(backend);
  backend.execCommand = (client, command, args) => {
    const result = execute(client, command, args);
    return DELIVERING.has(command) ? Promise.resolve(result).then(withBareJob) : result;
  };
  return backend;
};

/** The scripts that may answer with the next job: `[its hash as field, value, …, its id, …]`. */
const DELIVERING: ReadonlySet<string> = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);

function withBareJob(answer: unknown): unknown {
  if (!Array.isArray(answer) || !Array.isArray(answer[0])) return answer;
  const [hash, ...rest] = answer;
  return [bareJob(hash), ...rest];
}

const BELIEVED: ReadonlySet<string> = new Set(['name', 'ats', 'timestamp']);
/** Escapes make JSON up to six times as long as what it says; what is longer cannot be a submission. */
const LONGEST_JSON = 6 * SUBMISSION_BOUNDS.bytes;

/** What BullMQ cannot parse becomes a string, which the line refuses like any other that is no submission. */
function bareJob(hash: readonly string[]): string[] {
  const job: string[] = [];
  let data = '{}';
  for (let at = 0; at + 1 < hash.length; at += 2) {
    const [field = '', value = ''] = hash.slice(at, at + 2);
    if (field === 'data') data = value;
    if (BELIEVED.has(field)) job.push(field, value);
  }
  if (data.length <= LONGEST_JSON) return [...job, 'data', isJson(data) ? data : JSON.stringify(data)];
  // 100 MB are neither parsed here, nor left in Redis once they were refused.
  const beginning = JSON.stringify(data.slice(0, SUBMISSION_BOUNDS.bytes + 1));
  return [...job, 'data', beginning, 'opts', '{"removeOnFail":true}'];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
