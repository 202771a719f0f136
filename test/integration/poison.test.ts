import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, TestHome } from './test-home.ts';

const QUEUE = '{savorg}:ops-mini-1';
const MIB = 1024 * 1024;
const command = { action: 'infra.command', with: { argv: ['true'], undo: ['true'] } };

type Fields = Record<string, string | Buffer>;

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** What reaches the line, and is refused there. */
const REFUSED: Record<string, [Fields, string]> = {
  'data-not-json': [{ data: '{"task": {' }, 'malformed'],
  'data-nan': [{ data: 'NaN' }, 'malformed'],
  'data-null': [{ data: 'null' }, 'malformed'],
  'data-array': [{ data: '[]' }, 'malformed'],
  'data-number': [{ data: '1e999' }, 'malformed'],
  'data-string': [{ data: '"task"' }, 'malformed'],
  'data-50-mb': [{ data: JSON.stringify({ task: 'x'.repeat(50 * MIB), attestations: [] }) }, 'too-large'],
  'data-deep': [{ data: deep(200_000) }, 'too-large'],
  'data-bad-utf8': [{ data: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }, 'malformed'],
  'data-twice': [{ data: '{"task":{},"task":{},"attestations":[]}' }, 'malformed'],
  'data-proto': [{ data: '{"task":{"__proto__":{"polluted":true}},"attestations":[]}' }, 'malformed'],
  'data-surrogate': [{ data: '{"task":{"task_id":"\\ud800"},"attestations":[]}' }, 'malformed'],
  'no-name': [{}, 'malformed'],
  'name-undefined': [{ data: '{}' }, 'malformed'],
  'opts-not-json': [{ data: '{}', opts: '{"attempts":' }, 'malformed'],
  'opts-null': [{ data: '{}', opts: 'null' }, 'malformed'],
  'opts-backoff': [{ data: '{}', opts: '{"attempts":9,"backoff":{"type":"magic"}}' }, 'malformed'],
  'rjk-forged': [{ data: '{}', rjk: 'nightly' }, 'malformed'],
  'id-forged': [{ data: '{}', id: 'somebody-else' }, 'malformed'],
  'failure-forged': [{ data: '{}', defa: 'nobody hears of it' }, 'malformed'],
  'progress-junk': [{ data: '{}', progress: '{', stacktrace: '[', returnvalue: '{' }, 'malformed'],
  'parent-nowhere': [
    { data: '{}', parentKey: '{savorg}:x:p', parent: '{"id":"p","queueKey":"{savorg}:x"}' },
    'malformed',
  ],
};

/** What can be delivered, but not be finished: it is set aside before it is refused, or after. */
const EITHER: Record<string, Fields> = {
  'atm-junk': { data: '{}', atm: '1.5' },
  'stc-junk': { data: '{}', stc: '9'.repeat(30) },
  'parent-array': { data: '{}', parent: '[]' },
  meta: {},
};

/** What no worker could deliver, or finish. */
const SET_ASIDE: Record<string, Fields | string> = {
  'is-a-string': 'a string',
  'ats-junk': { data: '{}', ats: 'x' },
  'parent-junk': { data: '{}', parent: 'junk' },
};

async function put(home: TestHome, id: string | Buffer, what: Fields | string, state = 'wait'): Promise<void> {
  const key = Buffer.concat([Buffer.from(`${QUEUE}:`), Buffer.from(id)]);
  const all = home.redis.multi();
  if (typeof what === 'string') all.set(key, what);
  else if (Object.keys(what).length > 0) all.hset(key, what);
  if (state === 'wait') all.lpush(`${QUEUE}:wait`, id);
  else all.zadd(`${QUEUE}:${state}`, state === 'delayed' ? (Date.now() + 60_000) * 0x1000 : 5, id);
  await all.zadd(`${QUEUE}:marker`, 0, '0').exec();
}

const alertsOf = async (home: TestHome) =>
  (await home.queue('ops-alerts').getJobs()).map(({ data }) => data.alert as Record<string, string>);

describe('poisoned queue entries', () => {
  it('F32, F33, T10: all at once are refused or set aside, each told, and good tasks run meanwhile', async () => {
    await using home = await TestHome.make();
    await home.start();
    const { pid } = home;
    const queue = home.queue('ops-mini-1');
    const submitted = Date.now();
    const good: string[] = [];
    const submitGood = async () => {
      const id = `good-${good.length + 1}`;
      good.push(id);
      await home.submit(home.task(id, [command]));
    };

    await submitGood();
    for (const [id, [fields]] of Object.entries(REFUSED)) await put(home, id, fields);
    await submitGood();
    for (const [id, fields] of Object.entries({ ...SET_ASIDE, ...EITHER })) await put(home, id, fields);
    await put(home, 'waits-as-a-string', 'a string', 'delayed');
    await put(home, 'comes-first-as-a-string', 'a string', 'prioritized');
    await put(home, Buffer.from([0x62, 0xff]), { data: '{}' });
    await home.redis.lpush('{savorg}:ops:prioritized', 'of another type');
    await submitGood();

    for (const id of good) expect((await home.report(id)).ops_output.status).toBe('completed');
    expect(Date.now() - submitted).toBeLessThan(20_000);

    for (const [id, [, reason]] of Object.entries(REFUSED)) {
      const { evidence } = await home.report(id);
      expect([id, evidence.reason, evidence.final]).toEqual([id, reason, false]);
    }
    const left = () => queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized');
    await expect.poll(left, { timeout: 20_000, interval: 100 }).toBe(0);

    const names = [...Object.keys(SET_ASIDE), 'waits-as-a-string', 'comes-first-as-a-string', 'b�', 'prioritized'];
    const told = async () => {
      const alerts = (await alertsOf(home)).filter(({ code }) => code === 'quarantined');
      return alerts.map(({ message = '' }) => /^the (?:job|key) (\S+) .*; set aside in \//.exec(message)?.[1]);
    };
    await expect.poll(told).toEqual(expect.arrayContaining(names));
    const reported = home.reports.map(({ evidence }) => evidence.task_id);
    expect([...reported, ...(await told())]).toEqual(expect.arrayContaining(Object.keys(EITHER)));
    const files = readdirSync(home.home.var.quarantine).map((name) => join(home.home.var.quarantine, name));
    for (const file of files) expect(statSync(file).mode & 0o777).toBe(0o600);
    const kept = files.map((file) => JSON.parse(readFileSync(file, 'utf8')));
    expect(kept.find(({ what }) => what === 'the job is-a-string')).toMatchObject({
      queue: 'ops-mini-1',
      why: 'is a string, not a hash',
      contents: ['a string'],
    });
    expect(await home.redis.type(`${QUEUE}:meta`)).toBe('hash');
    expect(await home.redis.exists('{savorg}:ops:prioritized')).toBe(0);

    await home.submit(home.task('good-at-last', [command]));
    expect((await home.report('good-at-last')).ops_output.status).toBe('completed');
    expect([home.pid, isAlive(pid)]).toEqual([pid, true]);
    expect(await home.stop()).toBe(0);
  }, 90_000);
});
