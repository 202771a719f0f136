import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { script } from '../fixtures/commands/commands.ts';
import { canaryHome, expectNowhere, sinksOf, storeCanary } from './canary.ts';

/** Runs the fixture with the secret in its environment. */
const prints = (...args: string[]) => ({
  action: 'infra.command',
  with: {
    argv: [process.execPath, script('canary.ts'), ...args],
    env: { CANARY: 'secret:file/canary' },
    undo: ['true'],
    timeout_ms: 120_000,
  },
});

it('T24: a secret that commands print in every encoding, cut at every offset, is found in no sink', async () => {
  await using home = await canaryHome();
  const daemon = home.launch();
  await home.ready();
  // Of what lies there before its start it knows without being told.
  storeCanary(home);
  const task = home.task('prints', [prints()]);
  await home.submit(task);
  await home.submit(home.task('fails', [prints('--cut', '--fail')]));
  expect((await home.report('prints', 1, 120_000)).ops_output.status).toBe('completed');
  expect((await home.report('fails', 1, 120_000)).ops_output.status).toBe('blocked');

  const file = home.path('task.json');
  writeFileSync(file, JSON.stringify(task));
  const words = [
    ['report', 'prints', '--json'],
    ['report', 'fails'],
    ['preview', file],
  ];
  const sinks = [...(await sinksOf(home, ['prints', 'fails'], words))];
  expect(await home.stop()).toBe(0);
  const { stdout, stderr } = await daemon;
  sinks.push(['stdout of the daemon', stdout ?? ''], ['stderr of the daemon', stderr ?? '']);

  const output = readFileSync(join(home.home.var.output, 'fails.log'), 'utf8');
  expect(output).toContain("cannot access '/no/such/");
  expect(output.match(/\[secret\]/g)?.length).toBeGreaterThan(1_000);
  expectNowhere(sinks);
}, 240_000);
