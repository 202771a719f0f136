import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Task } from '../../src/contract/task.ts';
import { CANARY, canaryHome, expectNowhere, ProcessWatch, type Sink, saidBy, sinksOf, storeCanary } from './canary.ts';
import type { TestHome } from './test-home.ts';

const REF = 'secret:file/canary';

let home: TestHome;
let folder: string;
/** What was seen of processes, said by `ops` on the way, and by a daemon that has ended. */
const sinks: Sink[] = [];

beforeAll(async () => {
  home = await canaryHome('config.env', 'config.block', 'config.key', 'config.line');
  storeCanary(home);
  folder = home.folder('work');
  writeFileSync(at('app.env'), 'MODE=old\n', { mode: 0o644 });
});
afterAll(() => home[Symbol.asyncDispose]());

const at = (name: string) => join(folder, name);
const contentOf = (name: string) => readFileSync(at(name), 'utf8');
const edit = (action: string, name: string, input: object) => ({ action, with: { path: at(name), ...input } });
const sh = (code: string, more: object = {}) => ({
  action: 'infra.command',
  with: { argv: ['/bin/sh', '-c', code, 'sh', at('app.conf')], cwd: folder, undo: ['true'], ...more },
});

const template = () =>
  edit('config.file', 'app.conf', {
    template: 'user = app\ndsn = {{dsn}}\nport = 80\n',
    variables: { dsn: REF },
  });
const edits = () => [
  edit('config.env', 'app.env', { service: 'app', format: 'env', set: { DB_PASSWORD: REF } }),
  edit('config.key', 'app.yaml', { create: true, format: 'yaml', set: [{ key: ['db', 'dsn'], value: REF }] }),
  edit('config.key', 'app.json', { create: true, format: 'json', set: [{ key: ['password'], value: REF }] }),
];

async function run(taskId: string, actions: Parameters<TestHome['task']>[1], more = {}) {
  const task = home.task(taskId, actions, more);
  await home.submit(task);
  const { ops_output } = await home.report(taskId);
  return { task, ops_output };
}

async function takenBack(task: Task) {
  const undo = home.undo(`undo-${task.task_id}`, task);
  await home.submit(undo, ['manager']);
  const { status, blockers } = (await home.report(undo.task_id)).ops_output;
  return [status, blockers];
}

async function previewed(name: string, actions: Parameters<TestHome['task']>[1]): Promise<string> {
  const file = home.path(`${name}.json`);
  writeFileSync(file, JSON.stringify(home.task(name, actions)));
  const [, text] = await saidBy(home, ['preview', file]);
  sinks.push([`preview of ${name}`, text]);
  return text;
}

it('T24: a secret that files are made with is in these, readable to nobody else, and in no sink', async () => {
  let daemon = home.launch();
  await home.ready();
  const processes = new ProcessWatch();

  const { task: writes, ops_output } = await run('writes', [template(), ...edits()]);
  expect([ops_output.status, ops_output.blockers]).toEqual(['completed', []]);
  expect(ops_output.environment_changes).toEqual([{ variable: 'DB_PASSWORD', action: 'added', service: 'app' }]);
  const names = ['app.conf', 'app.env', 'app.json', 'app.yaml'];
  expect(readdirSync(folder)).toEqual(names);
  expect(contentOf('app.conf')).toContain(`dsn = ${CANARY}\n`);
  expect(names.map((name) => statSync(at(name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);

  const inodes = () => names.map((name) => statSync(at(name)).ino);
  const before = inodes();
  const { task: again, ops_output: told } = await run('again', [template(), ...edits()]);
  expect([told.status, told.environment_changes]).toEqual(['completed', []]);
  expect(inodes()).toEqual(before);

  expect(await previewed('the-same', [template(), ...edits()])).toContain(`+dsn = ${REF}`);
  const neighbours = [
    edit('config.block', 'app.conf', { name: 'more', content: 'a = b' }),
    edit('config.line', 'app.env', { line: 'A=b' }),
    edit('config.key', 'app.yaml', { format: 'yaml', set: [{ key: ['db', 'port'], value: 80 }] }),
  ];
  expect(await previewed('neighbours', neighbours)).toContain('+a = b');

  const given = { env: { IT: REF }, stdin: REF };
  expect((await run('given', [sh('cat; echo "$IT"; sleep 0.3', given)])).ops_output.status).toBe('completed');
  writeFileSync(at('broken'), `x: [${CANARY}\n`, { mode: 0o600 });
  const broken = edit('config.key', 'broken', { format: 'yaml', set: [{ key: ['a'], value: REF }] });
  const fails = await run('fails', [template(), broken]);
  expect(fails.ops_output.blockers).toMatchObject([{ code: 'cannot-edit' }]);

  processes[Symbol.dispose]();
  expect(processes.given).toBeGreaterThan(0);
  sinks.push(...processes.sinks);

  // The next daemon has fetched nothing yet, and the files are there.
  expect(await home.stop()).toBe(0);
  sinks.push(...(await lastWordsOf(daemon)));
  daemon = home.launch();
  await home.ready();
  const prints = await run('prints', [sh('cat "$1"; cat app.env >&2; cd "/no/$(cat "$1")"')]);
  expect(prints.ops_output.status).toBe('blocked');
  expect(readFileSync(join(home.home.var.output, 'prints.log'), 'utf8')).toContain('[secret]');
  expect(await takenBack(again)).toEqual(['completed', []]);
  expect(await takenBack(writes)).toEqual(['completed', []]);
  expect(existsSync(at('app.conf'))).toBe(false);
  expect([contentOf('app.env'), statSync(at('app.env')).mode & 0o777]).toEqual(['MODE=old\n', 0o644]);

  const words = [
    ['report', 'writes', '--json'],
    ['report', 'fails'],
    ['report', 'prints'],
  ];
  const tasks = ['writes', 'again', 'given', 'fails', 'prints', 'undo-writes'];
  sinks.push(...(await sinksOf(home, tasks, words)));
  expect(await home.stop()).toBe(0);
  expectNowhere([...sinks, ...(await lastWordsOf(daemon))]);
}, 120_000);

async function lastWordsOf(daemon: ReturnType<TestHome['launch']>): Promise<Sink[]> {
  const { stdout, stderr } = await daemon;
  return [
    ['stdout of the daemon', stdout ?? ''],
    ['stderr of the daemon', stderr ?? ''],
  ];
}
