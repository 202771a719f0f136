import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allowingLines, allows, goesWithoutSecurity, Policy } from '../../src/admission/policy.ts';

const question = { action: 'config.file', environment: 'production', host: 'mini-1' } as const;
const rule = { actions: ['config.file'], environments: ['production' as const], hosts: ['mini-1'] };

describe('policy', () => {
  it('allows what one rule names in full', () => {
    expect(allows({ allow: [rule] }, question)).toBe(true);
    expect(allows({ allow: [{ ...rule, hosts: ['mini-2'] }, rule] }, question)).toBe(true);
  });

  it.each([
    ['nothing is allowed', []],
    ['another action', [{ ...rule, actions: ['infra.command'] }]],
    ['another environment', [{ ...rule, environments: ['staging' as const] }]],
    ['another host', [{ ...rule, hosts: ['mini-2'] }]],
    [
      'two rules that fit only together',
      [
        { ...rule, hosts: ['mini-2'] },
        { ...rule, actions: ['infra.command'] },
      ],
    ],
    ['the beginning of the name', [{ ...rule, actions: ['config.fil'] }]],
  ])('does not allow it where it says: %s', (_, allow) => {
    expect(allows({ allow }, question)).toBe(false);
  });

  it.each([
    { ...rule, actions: [] },
    { ...rule, hosts: [] },
    { ...rule, environments: ['dev'] },
    { ...rule, actions: ['*'] },
    { ...rule, actions: ['config.*'] },
    { ...rule, hosts: ['*'] },
    { ...rule, hosts: ['any'] },
    { ...rule, note: 'x' },
  ])('is refused with the rule %j', (wrong) => {
    expect(Policy.safeParse({ allow: [wrong] }).success).toBe(false);
  });

  it.each([{}, null, [], { allow: null }, { allow: [], deny: [] }])('is refused as %j', (wrong) => {
    expect(Policy.safeParse(wrong).success).toBe(false);
  });

  it.each(['mini-1', 'm', 'a-b-c', '123', '1e3', '0x1f', 'true', 'null', '2026-11-23'])(
    'allows it with the lines that it prints, on the host %s',
    (host) => {
      const lines = allowingLines(['config.file', 'infra.command'], 'production', host);
      const policy = Policy.safeParse(parse(lines));
      expect(policy.error).toBeUndefined();
      expect(policy.data && allows(policy.data, { ...question, host })).toBe(true);
      expect(policy.data && allows(policy.data, { ...question, host, action: 'infra.script' })).toBe(false);
    },
  );

  it('goes without Security only where both the operation type and the environment are listed', () => {
    const policy: Policy = { allow: [], without_security: [{ operation_type: 'monitoring', environment: 'staging' }] };
    expect(goesWithoutSecurity(policy, 'monitoring', 'staging')).toBe(true);
    expect(goesWithoutSecurity(policy, 'monitoring', 'production')).toBe(false);
    expect(goesWithoutSecurity(policy, 'infra', 'staging')).toBe(false);
    expect(goesWithoutSecurity({ allow: [] }, 'monitoring', 'staging')).toBe(false);
  });
});
