import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../services/support.ts';

const CLI = join(import.meta.dirname, '../../src/cli/main.ts');

const TASK = `task_id: t-1
operation_type: infra
environment: staging
reason: a test
plan_id: plan-1
actions:
  - action: infra.command
    with: { argv: [/bin/true] }
    irreversible: true
on_failure: stop
`;

it('T29: sign writes through no link that somebody put beside the task: root would write anywhere', async () => {
  const folder = temporaryFolder();
  const ops = (...args: string[]) => execa(process.execPath, [CLI, '--home', join(folder, 'home'), ...args]);
  await ops('keys', 'init', '--host', 'mini-1');
  const [task, signed, precious] = ['task.yaml', 'task.signed.json', 'precious'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(task, TASK);
  writeFileSync(precious, 'precious');
  symlinkSync(precious, signed);
  await ops('sign', '--as', 'manager', task);
  expect(readFileSync(precious, 'utf8')).toBe('precious');
  expect(lstatSync(signed).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(signed, 'utf8')).attestations).toHaveLength(1);
});
