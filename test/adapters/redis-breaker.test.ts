import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RedisBreaker } from '../../src/adapters/redis-breaker.ts';
import type { LogFields } from '../../src/log.ts';
import { TestClock } from '../services/support.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const refusal = (message: string) => Object.assign(new Error(message), { name: 'ReplyError' });

/** A breaker over a Redis that is usable while `problem` is null. */
async function setUp() {
  const clock = new TestClock();
  const redis = new EventEmitter();
  const lines: { at: number; event: string; reason: string | null | undefined }[] = [];
  const say = ({ reason }: LogFields, event: string) => void lines.push({ at: clock.now(), event, reason });
  const told: (string | null)[] = [];
  const world = { problem: null as string | null, checks: [] as number[] };
  const check = async () => {
    world.checks.push(clock.now());
    if (world.problem !== null) throw new Error(world.problem);
  };
  const breaker = new RedisBreaker({ redis, check, clock, log: { info: say, warn: say } });
  breaker.watch((problem) => told.push(problem));
  await breaker.start();
  const advance = async (ms: number) => {
    clock.advance(ms);
    await nextTurn();
  };
  return { clock, redis, lines, told, world, breaker, advance, since: clock.now() };
}

describe('the breaker of Redis', () => {
  it('opens with the first failure, and says it once', async () => {
    const { breaker, lines, told } = await setUp();
    for (let n = 0; n < 13_000; n += 1) expect(breaker.trip(refusal('OOM command not allowed'))).toBe(true);
    expect(told).toEqual([null, 'OOM command not allowed']);
    expect(lines).toMatchObject([
      { event: expect.stringContaining('cannot be used'), reason: 'OOM command not allowed' },
    ]);
  });

  it('leaves to others what is no failure of Redis', async () => {
    const { breaker } = await setUp();
    expect(breaker.trip(new SyntaxError('Unexpected token'))).toBe(false);
    expect(breaker.trip('OOM')).toBe(false);
    expect(breaker.problem).toBeNull();
  });

  it('asks after growing pauses, tells each reason, and closes when Redis is usable again', async () => {
    const { breaker, world, told, lines, advance, since } = await setUp();
    world.problem = 'READONLY';
    breaker.trip(refusal('OOM'));
    for (let s = 0; s < 46; s += 1) await advance(SECOND);
    expect(world.checks.map((at) => (at - since) / SECOND)).toEqual([1, 3, 7, 15, 30, 45]);
    world.problem = null;
    for (let s = 46; s <= 60; s += 1) await advance(SECOND);
    expect([told, breaker.problem]).toEqual([[null, 'OOM', 'READONLY', null], null]);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatchObject({ event: 'Redis can be used again', reason: 'READONLY' });
  });

  it('opens when the connection is lost', async () => {
    const { breaker, redis, advance } = await setUp();
    redis.emit('close');
    expect(breaker.problem).toBe('the connection to Redis was lost');
    await advance(SECOND);
    expect(breaker.problem).toBeNull();
  });

  it('says at most 20 lines in any minute, however often Redis fails, and begins anew after a calm one', async () => {
    const { breaker, lines, world, advance } = await setUp();
    for (let s = 0; s < 600; s += 1) {
      breaker.trip(refusal('OOM'));
      await advance(SECOND);
    }
    const inMinuteFrom = (from: number) => lines.filter(({ at }) => at >= from && at < from + MINUTE).length;
    expect(Math.max(...lines.map(({ at }) => inMinuteFrom(at)))).toBeLessThanOrEqual(14);
    for (let s = 0; s < 80; s += 1) await advance(SECOND);
    world.checks.length = 0;
    breaker.trip(refusal('OOM'));
    await advance(SECOND);
    expect(world.checks).toHaveLength(1);
  });

  it('looks, and opens where Redis was made unusable without a failure', async () => {
    const { breaker, world, told } = await setUp();
    await breaker.look();
    world.problem = 'maxmemory-policy allkeys-lru';
    await breaker.look();
    expect(told).toEqual([null, 'maxmemory-policy allkeys-lru']);
    await breaker.look();
    expect(world.checks).toHaveLength(2);
  });

  it('neither opens nor closes once it is stopped', async () => {
    const { breaker, redis, told, world, advance } = await setUp();
    breaker.trip(refusal('OOM'));
    await breaker.stop();
    await advance(MINUTE);
    expect([told, world.checks]).toEqual([[null, 'OOM'], []]);
    expect(redis.listenerCount('close')).toBe(0);
    breaker.trip(refusal('OOM'));
    expect(told).toHaveLength(2);
  });

  it('does not open before it is started: a start says by itself what is wrong', async () => {
    const { clock, redis, world } = await setUp();
    const log = { info: () => undefined, warn: () => expect.unreachable() };
    const early = new RedisBreaker({ redis, check: async () => void world, clock, log });
    early.trip(refusal('OOM'));
    expect(early.problem).toBeNull();
  });
});
