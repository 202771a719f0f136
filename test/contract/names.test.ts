import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  ActionName,
  Digest,
  HostName,
  PlanId,
  Principal,
  ScheduleName,
  TaskId,
  UtcTime,
  utcTime,
} from '../../src/contract/names.ts';

const TABLE: Record<string, { schema: z.ZodType<string>; good: string[]; bad: unknown[] }> = {
  TaskId: {
    schema: TaskId,
    good: ['a', 'deploy-web-2026-11-23-01', '0a', 'a'.repeat(120), '1-2', 'a.b_c'],
    bad: [
      '',
      '123',
      '1'.repeat(120),
      'A',
      '-a',
      '.a',
      'a b',
      'a/b',
      'a~2',
      'a:b',
      'a\n',
      'a'.repeat(121),
      'é',
      7,
      null,
    ],
  },
  PlanId: {
    schema: PlanId,
    good: ['plan-881', 'P', '881', 'a.B_c-d'],
    bad: ['', '-a', 'a b', 'a\n', 'a'.repeat(121), 'a:b'],
  },
  HostName: {
    schema: HostName,
    good: ['mini-1', 'a', '1', 'a'.repeat(63)],
    bad: ['', 'any', 'results', 'alerts', 'control', 'Mini', '-a', 'a.b', 'a_b', 'a\n', 'a'.repeat(64)],
  },
  ScheduleName: {
    schema: ScheduleName,
    good: ['backup', 'any', 'a'.repeat(63)],
    bad: ['', 'a b', 'A', 'a'.repeat(64), 'a/b'],
  },
  Principal: {
    schema: Principal,
    good: ['savorgManager', 'operator@mini-1', 'a'],
    bad: ['', ' a', 'a b', '@a', 'a\n', 'a'.repeat(121)],
  },
  Digest: {
    schema: Digest,
    good: [`sha256:${'a'.repeat(64)}`, `sha256:${'0'.repeat(64)}`],
    bad: [
      'a'.repeat(64),
      `sha256:${'A'.repeat(64)}`,
      `sha256:${'a'.repeat(63)}`,
      `sha256:${'a'.repeat(65)}`,
      `sha512:${'a'.repeat(64)}`,
      `sha256:${'a'.repeat(64)}\n`,
    ],
  },
  ActionName: {
    schema: ActionName,
    good: ['deploy.release', 'a.b.c', 'infra.a-1'],
    bad: ['deploy', '.a', 'a.', 'a.1', 'A.b', 'a.B', 'a b.c', 'a..b', 'a.b\n', '__proto__'],
  },
  UtcTime: {
    schema: UtcTime,
    good: ['2026-11-23T09:00:00Z', '2028-02-29T23:59:59Z', '1970-01-01T00:00:00Z'],
    bad: [
      '2026-11-23T09:00:00',
      '2026-11-23T09:00:00.000Z',
      '2026-11-23T09:00:00+00:00',
      '2026-11-23',
      '2026-02-30T00:00:00Z',
      '2027-02-29T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-23T24:00:00Z',
      '2026-11-23T23:59:60Z',
      '2026-11-23t09:00:00z',
      '2026-11-23T09:00:00Z\n',
      ' 2026-11-23T09:00:00Z',
      0,
    ],
  },
};

describe.each(Object.entries(TABLE))('%s', (_, { schema, good, bad }) => {
  it.each(good)('takes %j, as it is', (value) => {
    expect(schema.parse(value)).toBe(value);
  });

  it.each(bad)('refuses %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe('the time on the wire', () => {
  it('is written so that it reads as the same second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), (at) => {
        expect(UtcTime.safeParse(utcTime(at)).success).toBe(true);
        expect(Date.parse(utcTime(at))).toBe(Math.floor(at / 1000) * 1000);
      }),
    );
  });
});
