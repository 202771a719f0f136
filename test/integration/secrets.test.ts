import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import { TestHome } from './test-home.ts';

const [FIRST, SECOND] = ['hunter2-hunter2', 'swordfish-swordfish'];
let home: TestHome;
let db: string;

beforeAll(async () => {
  home = await TestHome.make({ ISSUE_TOKEN: SECOND });
  const { etc } = home.home;
  appendFileSync(etc.ops, 'secret_environment: [ISSUE_TOKEN]\n');
  writeFileSync(
    etc.policy,
    readFileSync(etc.policy, 'utf8').replace(
      '    network: true',
      '    network: true\n    secrets: [file/db, env/ISSUE_TOKEN, env/PATH]',
    ),
  );
  mkdirSync(etc.secrets, { mode: 0o700 });
  db = join(etc.secrets, 'db');
  writeFileSync(db, `${FIRST}\n`, { mode: 0o600 });
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

/** A command that writes what it was given to a file, prints it, and whose undo appends what it is given then. */
function using(env: Record<string, string>, stdin = '') {
  const path = home.path('given');
  return {
    action: 'infra.command',
    with: {
      argv: ['/bin/sh', '-c', 'printf "%s|%s" "$KEY" "$(cat)" > "$1"; echo "it is $KEY"', 'sh', path],
      undo: ['/bin/sh', '-c', 'printf "|%s" "$KEY" >> "$1"', 'sh', path],
      env,
      resources: [`path:${home.root}`],
      ...(stdin && { stdin }),
    },
  };
}

const given = () => readFileSync(home.path('given'), 'utf8');

async function run(taskId: string, action: ReturnType<typeof using>) {
  const task = home.task(taskId, [action]);
  await home.submit(task);
  return { task, report: await home.report(taskId) };
}

/** Every file of the home, but the secrets themselves, that holds one of these. */
function filesWith(...values: string[]): string[] {
  const paths = readdirSync(home.root, { recursive: true, encoding: 'utf8' }).map((name) => join(home.root, name));
  const files = paths.filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() && path !== db && path !== home.path('given'),
  );
  return files.filter((path) => values.some((value) => readFileSync(path).includes(value)));
}

function auditEntries() {
  const ledger = openLedger(home.home.var.ledger, systemClock, { readOnly: true });
  const entries = [...ledger.auditEntries()];
  ledger.close();
  return entries;
}

describe('a secret that a command names', () => {
  it('T24: reaches the command and nobody else, and its uses stand in the audit log', async () => {
    const { task, report } = await run('use-1', using({ KEY: 'secret:file/db' }, 'secret:env/ISSUE_TOKEN'));
    expect(report.ops_output.status).toBe('completed');
    expect(given()).toBe(`${FIRST}|${SECOND}`);
    expect(readFileSync(join(home.home.var.output, 'use-1.log'), 'utf8')).toBe('it is [secret]\n');
    writeFileSync(db, SECOND, { mode: 0o600 });
    await home.submit(home.undo('undo-1', task), ['manager']);
    expect((await home.report('undo-1')).ops_output.status).toBe('completed');
    expect(given()).toBe(`${FIRST}|${SECOND}|${SECOND}`);
    expect(filesWith(FIRST, SECOND)).toEqual([]);
    const uses = auditEntries().filter(({ event }) => event === 'secret-used');
    expect(uses.map(({ task_id, detail }) => [task_id, detail])).toEqual([
      ['use-1', { secret: 'file/db', step: 1 }],
      ['use-1', { secret: 'env/ISSUE_TOKEN', step: 1 }],
      ['undo-1', { secret: 'file/db', step: 1 }],
    ]);
  });

  it('that is not there keeps its step from beginning', async () => {
    rmSync(db);
    const { report } = await run('use-2', using({ KEY: 'secret:file/db' }));
    expect(report.ops_output.blockers).toEqual([
      expect.objectContaining({
        code: 'secret',
        message: expect.stringContaining(`${db} is missing: put the secret there`),
      }),
    ]);
    expect(report.ops_output.notes).toContain('Nothing was changed.');
  });

  it('is none of the variables that the daemon has besides', async () => {
    const { report } = await run('use-3', using({ KEY: 'secret:env/PATH' }));
    expect(report.ops_output.blockers).toMatchObject([{ code: 'secret' }]);
  });

  it('that policy does not list is not fetched', async () => {
    const { report } = await run('use-4', using({ KEY: 'secret:file/other' }));
    expect(report.ops_output.blockers).toMatchObject([{ code: 'not-allowed' }]);
  });

  it('T15: and that stands in a later task as it is, or in base64, has that refused without a word of it', async () => {
    for (const [n, text] of [FIRST, Buffer.from(`user:${FIRST}`).toString('base64')].entries()) {
      const { report } = await run(`quote-${n}`, using({ A: text }));
      expect(report.ops_output.blockers).toMatchObject([{ code: 'literal-secret', owner: 'manager' }]);
      expect(JSON.stringify(report)).toContain('actions[0].with.env.A (known to this host)');
      expect(JSON.stringify(report)).not.toContain(text);
    }
  });
});
