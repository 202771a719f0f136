import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allowingLines, allows, goesWithoutSecurity, Policy, shortcomings } from '../../src/admission/policy.ts';

const question = {
  action: 'config.file',
  needs: ['path:/etc/motd'],
  environment: 'production',
  host: 'mini-1',
} as const;
const rule = { actions: ['config.file'], environments: ['production' as const], hosts: ['mini-1'], paths: ['/etc'] };

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
    ['no path', [{ ...rule, paths: undefined }]],
    ['another path', [{ ...rule, paths: ['/etc/motd.d', '/et', '/etc/motd/x'] }]],
    [
      'what it needs, in two rules',
      [
        { ...rule, paths: ['/srv'] },
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
    { ...rule, paths: [] },
    { ...rule, paths: ['etc'] },
    { ...rule, network: false },
  ])('is refused with the rule %j', (wrong) => {
    expect(Policy.safeParse({ allow: [wrong] }).success).toBe(false);
  });

  it.each([{}, null, [], { allow: null }, { allow: [], deny: [] }])('is refused as %j', (wrong) => {
    expect(Policy.safeParse(wrong).success).toBe(false);
  });

  it.each([
    ['path:/etc/motd', { paths: ['/etc/motd'] }],
    ['path:/etc/motd', { paths: ['/'] }],
    ['binary:/usr/bin/git', { binaries: ['/usr/bin/git'] }],
    ['binary:/usr/bin/git', { binaries: ['/usr/bin'] }],
    ['binary:git', { binaries: ['git'] }],
    ['binary:git', { binaries: ['/'] }],
    ['service:web', { services: ['web'] }],
    ['container:web', { containers: ['web'] }],
    ['image:local/web', { images: ['local/web'] }],
    ['package:jq', { packages: ['jq'] }],
    ['setting:com.apple.dock/autohide', { settings: ['com.apple.dock/autohide'] }],
    ['secret:file/db', { secrets: ['file/db'] }],
    ['network:any', { network: true as const }],
  ])('allows what needs %s to a rule with %j, and to no rule without', (need, lists) => {
    const asked = { ...question, needs: [need] };
    const { paths: _, ...bare } = rule;
    expect(allows({ allow: [{ ...bare, ...lists }] }, asked)).toBe(true);
    expect(allows({ allow: [bare] }, asked)).toBe(false);
    expect(allows({ allow: [bare] }, { ...question, needs: [] })).toBe(true);
  });

  it('covers a service by its own name only, and a program without a folder by no folder but all', () => {
    const { paths: _, ...bare } = rule;
    expect(allows({ allow: [{ ...bare, services: ['/', 'we'] }] }, { ...question, needs: ['service:web'] })).toBe(
      false,
    );
    expect(allows({ allow: [{ ...bare, binaries: ['/usr/bin'] }] }, { ...question, needs: ['binary:git'] })).toBe(
      false,
    );
  });

  it('names the rule that falls short, and what it lacks', () => {
    const policy = {
      allow: [
        { ...rule, hosts: ['mini-2'] },
        { ...rule, paths: ['/srv'] },
      ],
    };
    expect(shortcomings(policy, question)).toEqual(['rule 2 allows config.file, but not path:/etc/motd']);
  });

  it.each(['mini-1', 'm', 'a-b-c', '123', '1e3', '0x1f', 'true', 'null', '2026-11-23'])(
    'allows it with the lines that it prints, on the host %s',
    (host) => {
      const command = {
        ...question,
        host,
        action: 'infra.command',
        needs: ['binary:a b', 'path:/x: y', 'network:any'],
      };
      const lines = allowingLines([{ ...question, host }, command]);
      const policy = Policy.safeParse(parse(lines));
      expect(policy.error).toBeUndefined();
      expect(policy.data && allows(policy.data, { ...question, host })).toBe(true);
      expect(policy.data && allows(policy.data, command)).toBe(true);
      expect(policy.data && allows(policy.data, { ...question, host, action: 'infra.script' })).toBe(false);
      expect(policy.data && allows(policy.data, { ...question, host, needs: ['path:/etc/passwd'] })).toBe(false);
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
