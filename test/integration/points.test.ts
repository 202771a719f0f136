import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/contract/index.ts';
import { condemn, type Death, deathsIn } from '../fuzz/death.ts';
import { TestHome } from './test-home.ts';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' }, { mortal: true });
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

const count = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').length : 0);

/** Writes a file, looks at it, runs a command that counts itself, and looks at what it left. */
function fixedTask(id: string) {
  const [file, ran, undone] = ['conf', 'ran', 'undone'].map((name) => home.path(`${id}.${name}`)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, 'before\n');
  const shell = (script: string) => ['/bin/sh', '-c', script];
  const actions = [
    { action: 'config.file', with: { path: file, content: 'after\n' } },
    {
      action: 'infra.command',
      with: {
        argv: shell(`echo ran >> ${ran}; sleep 0.1; echo said; sleep 0.1`),
        undo: shell(`echo undone >> ${undone}`),
        check: { type: 'file', service: 'it', path: ran },
        resources: [`path:${ran}`],
      },
    },
  ];
  const seen = () => ({ file: readFileSync(file, 'utf8').trim(), ran: count(ran), undone: count(undone) });
  return { task: home.task(id, actions), seen };
}

const finals = (id: string): Report[] =>
  home.reports.filter(({ evidence }) => evidence.task_id === id && evidence.final);

async function dieAt(id: string, death: Death) {
  const { task, seen } = fixedTask(id);
  condemn(home.root, death);
  await home.submit(task);
  await home.died();
  expect(deathsIn(home.root).at(-1)).toBe(death.at);
  await home.passStall();
  await home.start();
  await home.report(id);
  return seen();
}

describe('a daemon that dies', () => {
  it.each([
    ['fetched', 1],
    ['intended', 1],
    ['done', 3],
    ['concluded', 1],
  ] as const)('at %s', async (at, hit) => {
    const seen = await dieAt(`x-${at}`, { at, hit, victims: ['daemon'] });
    console.log(
      at,
      seen,
      finals(`x-${at}`)[0]?.evidence.steps.map((s) => s.outcome),
      finals(`x-${at}`)[0]?.ops_output.notes,
    );
  });
});
