import { lstatSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
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

it('T15: a task with a secret in it is neither signed, previewed nor submitted, signed before or not', async () => {
  const folder = temporaryFolder();
  const ops = (...args: string[]) =>
    execa(process.execPath, [CLI, '--home', join(folder, 'home'), ...args], { reject: false });
  await ops('keys', 'init', '--host', 'mini-1');
  const [bare, signed] = [join(folder, 'task.yaml'), join(folder, 'task.signed.json')];
  const withSecret = TASK.replace('[/bin/true] }', '[/bin/true], env: { DB_PASSWORD: correct-horse } }');
  writeFileSync(bare, withSecret);
  const task = { ...parse(withSecret), host: 'mini-1', expires_at: '2099-01-01T00:00:00Z' };
  writeFileSync(signed, JSON.stringify({ task, attestations: ['x'] }));
  const before = readFileSync(signed, 'utf8');
  for (const args of [
    ['sign', '--as', 'manager', bare],
    ['preview', bare],
    ['run', bare],
    ['submit', signed],
  ]) {
    const { exitCode, stdout, stderr } = await ops(...args);
    expect({ args, exitCode }).toEqual({ args, exitCode: 1 });
    expect(stderr).toContain('a secret stands in actions[0].with.env.DB_PASSWORD (a password): write a reference');
    expect(`${stdout}${stderr}`).not.toContain('correct-horse');
  }
  expect(readFileSync(signed, 'utf8')).toBe(before);
});
