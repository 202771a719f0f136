import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { registry } from '../../jobs/index.ts';
import { systemClock } from '../../src/adapters/clock.ts';
import { Runner } from '../../src/adapters/runner.ts';
import { permissionsOf } from '../../src/planning/run-plan.ts';
import { changesSomething, type PlannedStep } from '../../src/planning/step.ts';
import type { FactReader } from '../../src/services/ports.ts';
import { temporaryFolder } from '../fixtures/commands/commands.ts';
import { boundActions } from '../services/support.ts';
import { rootsOf } from './apps.ts';
import { applyDying, dieAtFirst } from './crash.ts';
import { disguise } from './disguise.ts';
import { exampleIn, exampleOf, hasExample } from './example.ts';
import { IRREVERSIBLE, RUNS_AGAIN } from './exceptions.ts';
import { Host } from './host.ts';
import { changedPaths, exactPictureOf, pictureOf } from './picture.ts';
import { expectShown, textAt } from './shown.ts';
import type { Trial, Trials } from './trial.ts';

const ALREADY = /\balready\b/;

const trialsPath = (action: string): string => join(import.meta.dirname, 'trials', `${action}.ts`);
const isTried = (action: string): boolean => existsSync(trialsPath(action)) && hasExample(action);
const actions = Object.keys(registry);
const tried = await Promise.all(
  actions.filter(isTried).map(async (action) => [action, (await import(trialsPath(action))).trials as Trials] as const),
);

const runDir = temporaryFolder();
const runner = new Runner({ runDir: runDir.path, clock: systemClock });
beforeAll(() => runner.start());
afterAll(async () => {
  await runner.stop();
  runDir[Symbol.dispose]();
});
afterEach(() => void vi.unstubAllEnvs());

const isThere = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));

/** A host in the state before, and the example as it is to run there. */
async function arranged(action: string, trial: Trial) {
  const host = new Host(runner);
  await trial.arrange(host);
  disguise(host.folder);
  const task = exampleIn(action, host, trial);
  const beyond = async () => trial.observe?.(host);
  return {
    host,
    task,
    again: { ...task, task_id: `${task.task_id}-again` },
    state: async () => ({ tree: pictureOf(host.folder), beyond: await beyond() }),
    /** Down to whether a file was written with the content that it had. */
    exactState: async () => ({ tree: exactPictureOf(host.folder), beyond: await beyond() }),
  };
}

/** Asks the host once only. */
function remembering(reader: FactReader): FactReader {
  const known = new Map<string, ReturnType<FactReader['answer']>>();
  return {
    answer: (query) => {
      const key = JSON.stringify(query);
      const answer = known.get(key) ?? reader.answer(query);
      known.set(key, answer);
      return answer;
    },
  };
}

/** Those of the texts that belong to a step that changes something. */
const ofChanges = (steps: readonly PlannedStep[], texts: readonly string[]): string[] =>
  texts.filter((_, index) => steps.some(({ n, step }) => n === index + 1 && changesSomething(step)));

describe('the registry', () => {
  it('has an example and trials of every action', () => {
    expect(actions.filter((action) => !isTried(action))).toEqual([]);
    expect(tried.filter(([, trials]) => Object.keys(trials).length === 0).map(([action]) => action)).toEqual([]);
  });

  it('has every action for which an exception is made', () => {
    const excepted = [RUNS_AGAIN, IRREVERSIBLE].flatMap((exceptions) => Object.keys(exceptions));
    expect(excepted.filter((action) => !actions.includes(action))).toEqual([]);
  });
});

describe.each(tried)('%s', (action, trials) => {
  const changes = registry[action]?.changes ?? false;

  it('has an example that is a task of this action alone', () => {
    const task = exampleOf(action);
    expect([...new Set(task.actions.map((request) => request.action))]).toEqual([action]);
    expect(task.operation_type).toBe(action.split('.')[0]);
    expect(task.task_id).toBe(`example-${action}`);
    expect(boundActions(task).every((bound) => bound.action.reversible(bound.input))).toBe(!(action in IRREVERSIBLE));
  });

  describe.each(Object.entries(trials))('%s', (_, trial) => {
    const canRun = (trial.needs ?? []).every(isThere);
    const canBeUndone = canRun && !(action in IRREVERSIBLE);
    const runsOnce = canRun && !(action in RUNS_AGAIN);

    it.runIf(canRun)('is planned the same from the same facts, as the ledger can store it', async () => {
      const { host, task } = await arranged(action, trial);
      const reader = remembering(await host.reader());
      const plan = await host.plan(task, reader);
      expect(await host.plan(task, reader)).toEqual(plan);
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    });

    it.runIf(canRun)('changes nothing while it is planned and previewed', async () => {
      const { host, task, exactState } = await arranged(action, trial);
      const before = await exactState();
      const texts = await host.preview(await host.plan(task));
      expect(texts).not.toContain('');
      expect(await exactState()).toEqual(before);
    });

    it.runIf(canRun)('does what its preview shows, and touches nothing for which policy was not asked', async () => {
      const { host, task, state } = await arranged(action, trial);
      const before = await state();
      const steps = await host.plan(task);
      const texts = await host.preview(steps);
      const textsBefore = steps.map(({ step }) => textAt(step));
      expect(await host.apply(task, steps)).toBeNull();
      const after = await state();
      expect(isDeepStrictEqual(after, before)).toBe(!changes);
      const allowed = boundActions(task)
        .flatMap(permissionsOf)
        .flatMap(({ needs }) => needs);
      if (allowed.includes('app:web')) allowed.push(...rootsOf(host.home).map((root) => `path:${root}`));
      const covers = (path: string) => allowed.some((need) => `path:${path}/`.startsWith(`${need}/`));
      expect(changedPaths(before.tree, after.tree).filter((path) => !covers(path))).toEqual([]);
      if (trial.shows) trial.shows(texts.join('\n'), before.beyond, after.beyond);
      else for (const [i, { step }] of steps.entries()) expectShown(step, texts[i], textsBefore[i], after.tree);
    });

    it.runIf(runsOnce)('changes nothing a second time, and says so', async () => {
      const { host, task, again, exactState } = await arranged(action, trial);
      expect(await host.apply(task, await host.plan(task))).toBeNull();
      const before = await exactState();
      const steps = await host.plan(again);
      const texts = await host.preview(steps);
      expect(await host.apply(again, steps)).toBeNull();
      expect(await exactState()).toEqual(before);
      const messages = host.ledger.steps(again.task_id).map(({ message }) => message);
      const silent = [texts, messages].flatMap((of) => ofChanges(steps, of)).filter((text) => !ALREADY.test(text));
      expect(silent).toEqual([]);
    });

    it.runIf(canBeUndone)('is taken back whole', async () => {
      const { host, task, state } = await arranged(action, trial);
      const before = await state();
      expect(await host.apply(task, await host.plan(task))).toBeNull();
      expect(await host.undo(task)).toBeNull();
      expect(await state()).toEqual(before);
    });

    it.runIf(canRun)('meets another state than it was planned for, and changes nothing', async ({ skip }) => {
      const { host, task, again, exactState } = await arranged(action, trial);
      const late = await host.plan(again);
      const first = late.find(({ step }) => changesSomething(step));
      skip(!first || !('before' in first.step), 'it sees no state');
      expect(await host.apply(task, await host.plan(task))).toBeNull();
      const before = await exactState();
      expect(await host.apply(again, late)).toMatchObject({ code: 'changed-since-plan' });
      expect(await exactState()).toEqual(before);
    });

    it.runIf(canRun)('knows after a crash what it had done, goes on, and can be taken back', async () => {
      const { host, task, state } = await arranged(action, trial);
      const before = await state();
      await host.intend(task, await host.plan(task));
      const answers = await applyDying(host, task);
      expect(answers.length > 0).toBe(changes);
      expect(answers.filter(({ point, answer }) => answer !== (point === 'done' ? 'done' : 'not-done'))).toEqual([]);
      if (!canBeUndone) return;
      expect(await host.undo(task)).toBeNull();
      expect(await state()).toEqual(before);
    });

    it.runIf(canBeUndone)('can be taken back where it had only begun', async () => {
      const { host, task, state } = await arranged(action, trial);
      const before = await state();
      await host.intend(task, await host.plan(task));
      await dieAtFirst(host, task);
      expect(await host.undo(task)).toBeNull();
      expect(await state()).toEqual(before);
    });
  });
});
