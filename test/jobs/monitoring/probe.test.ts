import { describe, expect, it } from 'vitest';
import { probe } from '../../../jobs/monitoring/probe.ts';

const check = { type: 'tcp', service: 'redis', host: '127.0.0.1', port: 6379 } as const;

describe('monitoring.probe', () => {
  it('looks once at what it is given, needs nothing for itself and asks nothing', () => {
    expect(probe.plan({ check }, {})).toEqual([
      { kind: 'probe', target: 'redis', title: 'check redis (tcp://127.0.0.1:6379)', probe: check },
    ]);
    expect(probe.resources({ check })).toEqual([]);
    expect(probe.facts({ check })).toEqual({});
  });
});
