import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report, Task } from '../../src/contract/index.ts';
import type { Role } from '../../src/contract/names.ts';
import type { RunPoint } from '../../src/runner/run.ts';
import type { Point } from '../../src/services/failpoint.ts';
import { condemn, type Death, deathsIn, type Victim } from '../fuzz/death.ts';
import { violations } from '../fuzz/invariants.ts';
import { ALL_POINTS } from '../fuzz/points.ts';
import { isAlive, processesOf, TestHome } from './test-home.ts';
import { until } from './until.ts';

let home: TestHome;
beforeAll(async () => {
  home = await TestHome.make({ OPS_DASHBOARD: 'off' }, { mortal: true });
  await home.start();
});
afterAll(() => home[Symbol.asyncDispose]());

const DAEMON: readonly Victim[] = ['daemon'];
const BOTH: readonly Victim[] = ['daemon', 'runner'];
const RUNNER: readonly Victim[] = ['runner'];

const shell = (script: string) => ['/bin/sh', '-c', script];
const linesIn = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);

/** Writes a file (step 1), looks at it (2), runs a command that counts itself (3), and looks at what that left (4). */
function fixed(id: string, seconds = 0.05) {
  const file = home.path(`${id}.conf`);
  const folder = home.folder(id);
  const [ran, undone] = [join(folder, 'ran'), join(folder, 'undone')];
  writeFileSync(file, 'before\n');
  const command = {
    argv: shell(`echo >> ${ran}; echo said; sleep ${seconds}`),
    undo: shell(`echo >> ${undone}`),
    check: { type: 'file', service: 'it', path: ran },
    resources: [`path:${folder}`],
  };
  const actions = [
    { action: 'config.file', with: { path: file, content: 'after\n' } },
    { action: 'infra.command', with: command },
  ];
  return {
    task: home.task(id, actions, { on_failure: 'stop' }),
    file: () => readFileSync(file, 'utf8').trim(),
    ran: () => linesIn(ran),
    undone: () => linesIn(undone),
  };
}

const finals = (id: string): Report[] =>
  home.reports.filter(({ evidence }) => evidence.task_id === id && evidence.final);

/** Has this task's delivery end in a death, and starts the daemon again where it is dead. */
async function dies(death: Death, task: Task, roles?: Role[]) {
  condemn(home.root, death);
  const job = await home.submit(task, roles);
  if (death.victims.includes('daemon')) {
    await home.died();
    await home.passStall();
  } else await until(`a death at ${death.at}`, () => deathsIn(home.root).at(-1) === death.at);
  expect(deathsIn(home.root).at(-1)).toBe(death.at);
  return job;
}

const outcomesOf = ({ evidence }: Report) => [evidence.outcome, evidence.steps.map(({ outcome }) => outcome).join(' ')];

type Row = readonly [
  row: string,
  at: Point | RunPoint,
  hit: number,
  victims: readonly Victim[],
  outcome: string,
  steps: string,
  file: string,
  ran: readonly number[],
];

const THROUGH = 'applied applied applied applied';
const UNKNOWN = 'applied applied unknown skipped';

describe('who dies', () => {
  it.each<Row>([
    ['F1: nothing had begun, so it runs once', 'fetched', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F1: nothing had begun, so it runs once', 'parsed', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F1: nothing had begun, so it runs once', 'verified', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F1: nothing had begun, so it runs once', 'admitted', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F1: no claim on the disk, so it runs once', 'claimed', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F2: claimed, so it does not run', 'facts-read', 1, DAEMON, 'interrupted', '', 'before', [0]],
    ['F2: claimed, so it does not run', 'planned', 1, DAEMON, 'interrupted', '', 'before', [0]],
    [
      'F2: a file is looked at, and is not written',
      'intended',
      1,
      DAEMON,
      'interrupted',
      'skipped skipped skipped skipped',
      'before',
      [0],
    ],
    ['F2: a command cannot be looked at', 'intended', 3, DAEMON, 'interrupted', UNKNOWN, 'after', [0]],
    ['F3: its pid is not known', 'spawned', 1, BOTH, 'interrupted', UNKNOWN, 'after', [0, 1]],
    ['F3: its pid is not known, and the daemon lives', 'spawned', 1, RUNNER, 'failed', UNKNOWN, 'after', [0, 1]],
    ['F4: the runner ends it', 'recorded', 1, DAEMON, 'interrupted', UNKNOWN, 'after', [0, 1]],
    ['F4: the next start ends it', 'recorded', 1, BOTH, 'interrupted', UNKNOWN, 'after', [0, 1]],
    ['F4: the daemon lives and ends it', 'printed', 1, RUNNER, 'failed', UNKNOWN, 'after', [1]],
    ['F4: the next start ends it', 'printed', 1, BOTH, 'interrupted', UNKNOWN, 'after', [1]],
    [
      'F4: a file that was written is found so',
      'done',
      1,
      DAEMON,
      'interrupted',
      'applied skipped skipped skipped',
      'after',
      [0],
    ],
    ['F5: its exit is lost, and no success', 'exited', 1, RUNNER, 'failed', UNKNOWN, 'after', [1]],
    ['F5: its exit is lost, and no success', 'exited', 1, BOTH, 'interrupted', UNKNOWN, 'after', [1]],
    ['F5: its exit is lost, and no success', 'done', 3, DAEMON, 'interrupted', UNKNOWN, 'after', [1]],
    ['F6: the report is in the outbox', 'concluded', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F7: published again under the same id', 'published', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F7: its job is closed', 'marked', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
    ['F8: nothing is left to do', 'acknowledged', 1, DAEMON, 'completed', THROUGH, 'after', [1]],
  ])('%s: %s (%i) %j', async (row, at, hit, victims, outcome, steps, file, ran) => {
    const id = `${row.slice(0, 2).toLowerCase()}-${at}-${hit}-${victims.join('-')}`;
    const endless = row.startsWith('F4') || row.startsWith('F3') ? 1000 : undefined;
    const made = fixed(id, endless);
    const job = await dies({ at, hit, victims }, made.task);
    if (victims.includes('daemon')) await home.start();
    const report = await home.report(id);
    expect(outcomesOf(report)).toEqual([outcome, steps]);
    expect([made.file(), made.undone()]).toEqual([file, 0]);
    expect(ran).toContain(made.ran());
    expect(report.ops_output.notes.includes('What step 3')).toBe(steps.includes('unknown'));
    // Only what nobody had the pid of may live, and it is named.
    const isLost = at === 'spawned';
    expect(report.evidence.left_running).toEqual(isLost ? ['? /bin/sh'] : []);
    const alive = processesOf(id);
    for (const pid of alive.filter(isAlive)) process.kill(pid, 'SIGKILL');
    expect(isLost ? [] : alive).toEqual([]);
    await until(`the end of job ${id}`, async () => ['completed', 'failed'].includes(await job.getState()));
    expect(new Set(finals(id).map(({ evidence }) => evidence.report_id)).size).toBe(1);
  });

  it('F15: in the middle of a stop leaves nothing behind either', async () => {
    const made = fixed('f15', 1000);
    await home.submit(made.task);
    await until('a command', () => made.ran() === 1);
    expect(processesOf('f15')).not.toEqual([]);
    process.kill(home.pid, 'SIGTERM');
    await until('a stop', () => home.state?.state === 'stopping');
    await home.kill();
    await home.passStall();
    await home.start();
    expect(outcomesOf(await home.report('f15'))).toEqual(['interrupted', UNKNOWN]);
    expect(processesOf('f15')).toEqual([]);
  });

  it('while it finds out what had happened, finds out again', async () => {
    const made = fixed('again');
    await dies({ at: 'intended', hit: 3, victims: DAEMON }, made.task);
    condemn(home.root, { at: 'reconciled', hit: 1, victims: DAEMON });
    await home.launch();
    await home.start();
    expect(outcomesOf(await home.report('again'))).toEqual(['interrupted', UNKNOWN]);
    expect([made.ran(), finals('again')]).toEqual([0, [expect.anything()]]);
  });

  it('at held: the task is woken by the signature that came meanwhile', async () => {
    const made = fixed('held');
    await dies({ at: 'held', hit: 1, victims: DAEMON }, made.task, ['manager', 'plan-review']);
    await home.addControl(await home.sign(made.task, 'security'));
    await home.start();
    expect(outcomesOf(await home.report('held'))).toEqual(['completed', THROUGH]);
    expect(made.ran()).toBe(1);
  });

  it('at refused: the task is refused again, and never runs', async () => {
    const made = fixed('refused');
    const job = await dies({ at: 'refused', hit: 1, victims: DAEMON }, { ...made.task, environment: 'production' });
    await home.start();
    await until('the end of the job', async () => (await job.getState()) === 'failed');
    const reports = home.reports.filter(({ evidence }) => evidence.task_id === 'refused');
    expect(reports.map(({ evidence }) => [evidence.reason, evidence.final])).toContainEqual(['not-allowed', false]);
    expect([made.ran(), finals('refused')]).toEqual([0, []]);
  });
});

describe('an error that nobody expected', () => {
  it('F62: interrupts the task that it befalls, and the next one runs', async () => {
    const made = fixed('trips');
    const { pid } = home;
    await dies({ at: 'facts-read', hit: 1, victims: [], throws: true }, made.task);
    const { evidence, ops_output } = await home.report('trips');
    expect([evidence.outcome, evidence.final, made.ran()]).toEqual(['interrupted', true, 0]);
    expect(ops_output.blockers[0]?.message).toContain('something went wrong inside the daemon: it tripped');
    const next = fixed('after-trips');
    await home.submit(next.task);
    expect([outcomesOf(await home.report('after-trips')), home.pid]).toEqual([['completed', THROUGH], pid]);
    expect(isAlive(pid)).toBe(true);
  });

  it('F62: ends the daemon with 1 where the outcome cannot be written; the next one reports it once', async () => {
    const made = fixed('faults');
    condemn(home.root, { at: 'concluded', hit: 1, victims: [], throws: true });
    await home.submit(made.task);
    expect(await home.died()).toBe(1);
    await home.passStall();
    await home.start();
    expect(outcomesOf(await home.report('faults'))).toEqual(['completed', THROUGH]);
    expect(made.ran()).toBe(1);
  });
});

async function diesUndoing(at: 'undo-intended' | 'undone', hit: number) {
  const id = `${at}-${hit}`;
  const made = fixed(id);
  await home.submit(made.task);
  await home.report(id);
  const undo = home.undo(`${id}-u1`, made.task);
  await dies({ at, hit, victims: DAEMON }, undo, ['manager']);
  await home.start();
  return { id, made, report: await home.report(undo.task_id) };
}

describe('who dies while a task is taken back', () => {
  it.each([
    ['a command', 'undo-intended', 1, 'after', 0],
    ['a command', 'undone', 1, 'after', 1],
    ['a file', 'undo-intended', 2, 'after', 1],
  ] as const)('says how far it came, and goes on when asked again: %s, %s (%i)', async (_, at, hit, file, undone) => {
    const { id, made, report } = await diesUndoing(at, hit);
    expect([report.evidence.outcome, made.file(), made.undone()]).toEqual(['interrupted', file, undone]);
    expect(report.ops_output.notes).toContain('Ask for its undo again');
    await home.submit(home.undo(`${id}-u2`, made.task), ['manager']);
    expect((await home.report(`${id}-u2`)).evidence.outcome).toBe('completed');
    expect([made.file(), made.undone() > 0, made.ran()]).toEqual(['before', true, 1]);
  });

  it('finds that it was through where all of it can be seen', async () => {
    const { made, report } = await diesUndoing('undone', 2);
    expect([report.evidence.outcome, made.file(), made.undone()]).toEqual(['completed', 'before', 1]);
  });
});

describe('afterwards', () => {
  it('each point has been died at', () => {
    expect(new Set(deathsIn(home.root))).toEqual(new Set(ALL_POINTS));
  });

  it('every invariant holds', async () => {
    expect(await violations(home)).toEqual([]);
  });
});
