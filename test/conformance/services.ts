import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { onTestFinished, vi } from 'vitest';
import { parseList } from '../../src/adapters/supervisors/pm2-program.ts';
import type { Place } from './trial.ts';

const BIN = join(import.meta.dirname, '../../node_modules/.bin');

function program(path: string, ...lines: string[]): void {
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'), { mode: 0o755 });
}

/** The service of the examples with supervisor command: its programs, and that it does not run yet. */
export function ownPrograms({ folder }: Place): void {
  const bin = join(folder, 'bin');
  const server = join(bin, 'server');
  mkdirSync(bin);
  program(server, 'while :; do sleep 0.2; done');
  program(join(bin, 'status'), `pgrep -f '^/bin/sh ${server}$' > /dev/null || exit 3`);
  program(join(bin, 'start'), `setsid -f ${server} > /dev/null 2>&1 < /dev/null`);
  program(join(bin, 'stop'), `pkill -f '^/bin/sh ${server}$' || true`);
  onTestFinished(async () => {
    await execa(join(bin, 'stop'));
  });
}

export const startOwn = async ({ folder }: Place): Promise<void> =>
  void (await execa(join(folder, 'bin/start'), { stdio: 'ignore' }));

/** Whether it runs. */
export const ownState = async ({ folder }: Place): Promise<number | undefined> =>
  (await execa(join(folder, 'bin/status'), { reject: false })).exitCode;

/** A pm2 for this trial alone, and the worker of the examples, which it does not know yet. */
export function ownPm2({ folder }: Place): void {
  const home = mkdtempSync(join(tmpdir(), 'ops-pm2-'));
  vi.stubEnv('HOME', home);
  vi.stubEnv('PATH', `${BIN}${delimiter}${process.env['PATH']}`);
  program(join(folder, 'worker'), 'exec sleep 1000');
  onTestFinished(async () => {
    await execa('pm2', ['kill'], { env: pm2Env(home), extendEnv: false });
    rmSync(home, { recursive: true });
  });
}

const pm2Env = (home = process.env['HOME']) => ({ HOME: home, PATH: process.env['PATH'] });

export const installWorker = async (place: Place): Promise<void> => {
  const app = { script: join(place.folder, 'worker'), interpreter: 'none' };
  await place.perform({
    action: 'config.service.install',
    with: { service: { supervisor: 'pm2', name: 'worker', app } },
  });
};

/** What pm2 keeps, and how it is defined. */
export async function pm2State({ home }: Place): Promise<unknown> {
  const definition = join(home.var.services, 'worker.json');
  const text = existsSync(definition) ? readFileSync(definition, 'utf8') : null;
  if (!existsSync(join(`${process.env['HOME']}`, '.pm2/pm2.pid'))) return { text, states: [] };
  const { stdout } = await execa('pm2', ['jlist'], { env: pm2Env(), extendEnv: false });
  return { text, states: parseList(stdout).map(({ name, pm2_env }) => `${name} ${pm2_env.status}`) };
}
