import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../../jobs/index.ts';
import { allows, goesWithoutSecurity, Policy } from '../../src/admission/policy.ts';
import type { ActionRequest, ActionsTask } from '../../src/contract/task.ts';
import { STARTER_POLICY } from '../../src/install/starter.ts';
import { bindActions } from '../../src/planning/registry.ts';
import { permissionsOf } from '../../src/planning/run-plan.ts';
import { exampleOf } from '../conformance/example.ts';
import { EXAMPLES } from '../support/stock.ts';

const policy = Policy.parse(parse(readFileSync(join(EXAMPLES, 'policy.yaml'), 'utf8')));

/** Whether all of a task is allowed. */
function isAllowed(
  actions: readonly ActionRequest[],
  environment: ActionsTask['environment'],
  host = 'mini-1',
): boolean {
  const bound = bindActions(registry, actions);
  if (typeof bound === 'string') throw new Error(bound);
  return bound
    .flatMap(permissionsOf)
    .every(({ name, needs }) => allows(policy, { action: name, needs, environment, host }));
}

const example = (action: string) => exampleOf(action).actions;
const writes = (path: string) => [{ action: 'config.file', with: { path, content: '' } }];
const runs = (input: object) => [
  {
    action: 'infra.command',
    with: { argv: ['/usr/bin/touch'], ...input },
    ...('undo' in input ? {} : { irreversible: true }),
  },
];

describe('the policy of a new home', () => {
  it('allows nothing, and would be one without its comment signs', () => {
    expect(Policy.parse(parse(STARTER_POLICY))).toEqual({ allow: [] });
    const shown = STARTER_POLICY.slice(0, STARTER_POLICY.lastIndexOf('allow:')).split('\n').slice(3);
    const lines = shown.filter((line) => /^# {1,}[a-z_-]+/.test(line) && !line.includes('Where a task'));
    expect(Policy.parse(parse(lines.map((line) => line.slice(2)).join('\n'))).allow).toHaveLength(2);
  });
});

describe('the example of a policy', () => {
  it.each([
    'config.file',
    'cron.define',
    'cron.pause',
    'cron.remove',
    'cron.resume',
    'cron.run-now',
    'infra.command',
    'infra.script',
    'monitoring.probe',
  ])('allows the example of %s', (action) => {
    expect(isAllowed(example(action), exampleOf(action).environment)).toBe(true);
  });

  it.each([
    ['another host', example('config.file'), 'staging', 'mini-2'],
    ['a file in production', example('config.file'), 'production'],
    ['a file beside the folder', writes('/srv/example-2/a'), 'staging'],
    ['a file above the folder', writes('/srv/a'), 'staging'],
    ['another program', runs({ argv: ['/usr/bin/truncate', '-s', '0', '/srv/example/a'] }), 'staging'],
    ['the same program by its name alone', runs({ argv: ['touch', '/srv/example/a'] }), 'staging'],
    ['another program to take it back', runs({ undo: ['/bin/mv', 'a', 'b'] }), 'staging'],
    ['another program as its guard', runs({ guard: { unless: ['/bin/true'] } }), 'staging'],
    ['a program that writes elsewhere', runs({ resources: ['path:/srv/other'] }), 'staging'],
    ['a program with the network', runs({ network: true }), 'staging'],
    ['a program with a secret', runs({ env: { TOKEN: 'secret:file/token' } }), 'staging'],
    ['a script in production', example('infra.script'), 'production'],
    ['a schedule on staging', example('cron.define'), 'staging'],
  ] as const)('refuses %s', (_, actions, environment, host: string = 'mini-1') => {
    expect(isAllowed(actions, environment, host)).toBe(false);
  });

  it('lets looking on staging go without Security, and nothing else', () => {
    expect(goesWithoutSecurity(policy, 'monitoring', 'staging')).toBe(true);
    expect(goesWithoutSecurity(policy, 'monitoring', 'production')).toBe(false);
    expect(goesWithoutSecurity(policy, 'config', 'staging')).toBe(false);
  });
});
