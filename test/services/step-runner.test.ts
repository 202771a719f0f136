import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import type { StepRecord } from '../../src/planning/record.ts';
import type { Step } from '../../src/planning/step.ts';
import { passBy } from '../../src/services/failpoint.ts';
import { type Halt } from '../../src/services/halt.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { applied, type Effect, failed, type StepKind, type StepKinds } from '../../src/services/step-kind.ts';
import { StepRunner } from '../../src/services/step-runner.ts';
import { commandStep } from '../support/commands.ts';
import { statement } from '../support/statement.ts';
import { actionsTask, claimed, runOf, START, statesOf, TestClock, temporaryFolder, testLedger } from './support.ts';

const TASK = 'task-1';

/** A kind of step that does what the test says, and writes down what it saw of the ledger when it was called. */
class Spy implements StepKind<Step> {
  readonly seen: string[] = [];
  readonly state = new Map<string, string>();
  readonly #ledger: Ledger;
  /** What `apply`, `undo`, `capture` or `observe` of a target does instead, e.g. `apply b`. */
  readonly instead = new Map<string, () => Promise<Partial<Effect>>>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get kinds(): StepKinds {
    return {
      command: this,
      container: this,
      directory: this,
      file: this,
      link: this,
      probe: this,
      record: this,
      service: this,
      setting: this,
      tree: this,
      upgrade: this,
      watch: this,
    };
  }

  async observe({ target }: Step) {
    await this.instead.get(`observe ${target}`)?.();
    return { value: this.state.get(target) ?? 'none' };
  }

  async capture({ target }: Step) {
    await this.instead.get(`capture ${target}`)?.();
    return { value: this.state.get(target) ?? 'none' };
  }

  async apply({ target }: Step): Promise<Effect> {
    this.#see('apply', target);
    const effect = await this.instead.get(`apply ${target}`)?.();
    if (!effect || effect.outcome === 'applied') this.state.set(target, 'new');
    return { ...applied('done', { left: { value: this.state.get(target) ?? 'none' } }), ...effect };
  }

  async undo({ target }: Step, captured: StepRecord['captured']): Promise<Effect> {
    this.#see('undo', target);
    const effect = await this.instead.get(`undo ${target}`)?.();
    if (!effect) this.state.set(target, String(captured?.['value']));
    return { ...applied('taken back'), ...effect };
  }

  async reconcile() {
    return 'unknown' as const;
  }

  async preview() {
    return '';
  }

  #see(verb: string, target: string): void {
    const record = this.#ledger.steps(TASK).find(({ step }) => step.target === target);
    this.seen.push(`${verb} ${target}: ${record?.state} ${JSON.stringify(record?.captured)}`);
  }
}

const fails = (code: string, message: string) => async () => failed(code, message);

const forEver = (target: string): Step => commandStep(target, null);
const probe = (target: string): Step => ({
  kind: 'probe',
  target,
  title: `check ${target}`,
  probe: { type: 'file', service: target, path: '/x' },
});

async function setUp(...steps: Step[]) {
  const clock = new TestClock();
  const path = join(temporaryFolder(), 'ledger.db');
  const ledger = testLedger(clock, path);
  await claimed(ledger, actionsTask({ task_id: TASK }));
  await ledger.commit(() =>
    ledger.addSteps(
      TASK,
      steps.map((step, index) => ({ n: index + 1, action: index + 1, step })),
    ),
  );
  const spy = new Spy(ledger);
  const runner = new StepRunner({ ledger, kinds: spy.kinds, clock, awake: async () => undefined, reached: passBy });
  const states = () => statesOf(ledger, TASK);
  const undo = (options: { action?: number; compare?: boolean } = {}) =>
    runner.undo(runOf(TASK), TASK, { compare: true, ...options });
  /** What a daemon would find that started now. */
  const onDisk = () => {
    const reader = openLedger(path, clock, { readOnly: true });
    const found = reader.steps(TASK).map(({ state, captured }) => ({ state, captured }));
    reader.close();
    return found;
  };
  return { clock, ledger, spy, runner, states, undo, onDisk };
}

const vetoed: Halt = { outcome: 'vetoed', code: 'vetoed', message: 'no' };

describe('applying', () => {
  it('writes each intent with what was captured before the effect, and each result after it', async () => {
    const { clock, ledger, spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    spy.state.set('b', 'old');
    spy.instead.set('apply a', async () => {
      clock.advance(70);
      return { message: 'well', health: [{ service: 'a', status: 'healthy', endpoint: 'e' }] };
    });
    spy.instead.set('apply b', async () => {
      expect(ledger.steps(TASK)[0]).toMatchObject({ state: 'applied', left: { value: 'none' } });
      return {};
    });
    expect(await runner.apply(runOf(TASK))).toBeNull();
    expect(spy.seen).toEqual(['apply a: applying {"value":"none"}', 'apply b: applying {"value":"old"}']);
    expect(states()).toEqual(['applied', 'applied']);
    expect(ledger.steps(TASK)[0]).toMatchObject({ message: 'well', durationMs: 70, health: [{ service: 'a' }] });
    const audit = [...ledger.auditEntries()].map(({ event, detail }) => `${event} ${String(detail?.['n'])}`);
    expect(audit).toEqual(['step-applying 1', 'step-applied 1', 'step-applying 2', 'step-applied 2']);
  });

  it('has each intent on the disk before the effect, with what it takes to undo it, and each result before the next', async () => {
    const { spy, runner, undo, onDisk } = await setUp(commandStep('a'), commandStep('b'));
    const seen: unknown[] = [];
    for (const what of ['apply a', 'apply b', 'undo a'])
      spy.instead.set(what, async () => {
        seen.push(onDisk());
        return {};
      });
    await runner.apply(runOf(TASK));
    const captured = { value: 'none' };
    expect(seen).toEqual([
      [
        { state: 'applying', captured },
        { state: 'planned', captured: null },
      ],
      [
        { state: 'applied', captured },
        { state: 'applying', captured },
      ],
    ]);
    await undo({ compare: false });
    expect(seen.at(-1)).toEqual([
      { state: 'undoing', captured },
      { state: 'undone', captured },
    ]);
  });

  it('stops at the first step that fails, and says which and why', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'), commandStep('c'));
    spy.instead.set('apply b', fails('command-failed', 'exit code 3'));
    expect(await runner.apply(runOf(TASK))).toEqual({
      outcome: 'failed',
      code: 'command-failed',
      message: 'step 2 (run b): exit code 3',
    });
    expect(states()).toEqual(['applied', 'failed', 'planned']);
  });

  it('calls unknown what nobody knows', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'));
    spy.instead.set('apply a', async () => failed('lost', 'the runner died', { outcome: 'unknown' }));
    expect(await runner.apply(runOf(TASK))).toMatchObject({ outcome: 'failed', code: 'lost' });
    expect(states()).toEqual(['unknown']);
  });

  it('takes a kind that throws for a failed step', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    spy.instead.set('apply a', () => Promise.reject(new Error('no space left')));
    expect(await runner.apply(runOf(TASK))).toMatchObject({ code: 'failed', message: 'step 1 (run a): no space left' });
    expect(states()).toEqual(['failed', 'planned']);
  });

  it('takes a state that cannot be captured for a failed step that did nothing', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    spy.instead.set('capture b', () => Promise.reject(new Error('b is no regular file')));
    expect(await runner.apply(runOf(TASK))).toMatchObject({
      outcome: 'failed',
      message: expect.stringMatching(/b is no regular file/),
    });
    expect(spy.seen).toEqual(['apply a: applying {"value":"none"}']);
    expect(states()[0]).toBe('applied');
  });

  it.each([
    ['veto', 'vetoed'],
    ['cancel', 'cancelled'],
  ] as const)('F36: looks for a %s before every step', async (verb, outcome) => {
    const { ledger, spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    spy.instead.set('apply a', async () => {
      const more = { reason: 'stop it', iss: 'sec' };
      await ledger.commit(() => ledger.addStatement(statement(verb, `task:${TASK}`, more), 't'));
      return {};
    });
    const halt = await runner.apply(runOf(TASK));
    expect(halt).toEqual({ outcome, code: outcome, message: `task:${TASK} was ${outcome} by sec: stop it` });
    expect(states()).toEqual(['applied', 'planned']);
  });

  it('is not stopped by what means another task', async () => {
    const { ledger, runner } = await setUp(commandStep('a'));
    await ledger.commit(() => ledger.addStatement(statement('veto', 'task:other'), 't'));
    expect(await runner.apply(runOf(TASK))).toBeNull();
  });

  it('ends with the first cause when it is aborted while a step runs', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    const controller = new AbortController();
    spy.instead.set('apply a', async () => {
      controller.abort(vetoed);
      return failed('aborted', 'ended by aborted');
    });
    expect(await runner.apply(runOf(TASK, { signal: controller.signal }))).toBe(vetoed);
    expect(states()).toEqual(['failed', 'planned']);
  });

  it('stops after a step that succeeded although it was aborted', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    const controller = new AbortController();
    spy.instead.set('apply a', async () => {
      controller.abort(vetoed);
      return {};
    });
    expect(await runner.apply(runOf(TASK, { signal: controller.signal }))).toBe(vetoed);
    expect(states()).toEqual(['applied', 'planned']);
  });

  it('heeds a veto that comes during the last step, although that succeeds', async () => {
    const { spy, runner } = await setUp(commandStep('a'));
    const controller = new AbortController();
    spy.instead.set('apply a', async () => {
      controller.abort(vetoed);
      return {};
    });
    expect(await runner.apply(runOf(TASK, { signal: controller.signal }))).toBe(vetoed);
  });

  it('leaves a step `applying` when the daemon stops under it: the next start finds out', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'), commandStep('b'));
    const controller = new AbortController();
    const open: Halt = { outcome: 'interrupted', code: 'interrupted', message: 'stopped', open: true };
    spy.instead.set('apply a', async () => {
      controller.abort(open);
      return failed('aborted', 'ended by aborted');
    });
    expect(await runner.apply(runOf(TASK, { signal: controller.signal }))).toBe(open);
    expect(states()).toEqual(['applying', 'planned']);
  });

  it('is through with a task whose last step succeeded while the daemon was told to stop', async () => {
    const { spy, runner, states } = await setUp(commandStep('a'));
    const controller = new AbortController();
    spy.instead.set('apply a', async () => {
      controller.abort({ outcome: 'interrupted', code: 'interrupted', message: 'stopped', open: true });
      return {};
    });
    expect(await runner.apply(runOf(TASK, { signal: controller.signal }))).toBeNull();
    expect(states()).toEqual(['applied']);
  });

  it('passes over steps that are no longer planned', async () => {
    const { ledger, spy, runner } = await setUp(commandStep('a'), commandStep('b'));
    await ledger.commit(() => ledger.changeStep(TASK, 1, { state: 'applied' }));
    await runner.apply(runOf(TASK));
    expect(spy.seen).toEqual(['apply b: applying {"value":"none"}']);
  });

  it('collects what its steps left running', async () => {
    const { spy, runner, undo } = await setUp(commandStep('a'), commandStep('b'));
    spy.instead.set('apply a', async () => ({ leftRunning: ['12 a'] }));
    spy.instead.set('apply b', async () => ({ leftRunning: ['13 b', '14 b'] }));
    const run = runOf(TASK);
    await runner.apply(run);
    expect(run.leftRunning).toEqual(['12 a', '13 b', '14 b']);
    await undo();
  });
});

describe('undoing', () => {
  it('takes the failed step back first, then the others in reverse; never a probe', async () => {
    const { spy, runner, states, undo } = await setUp(commandStep('a'), probe('p'), commandStep('b'), commandStep('c'));
    spy.instead.set('apply c', fails('command-failed', 'no'));
    await runner.apply(runOf(TASK));
    spy.seen.length = 0;
    expect(await undo({ compare: false })).toEqual({ problem: null });
    expect(spy.seen.map((line) => line.split(' {')[0])).toEqual([
      'undo c: undoing',
      'undo b: undoing',
      'undo a: undoing',
    ]);
    expect(states()).toEqual(['undone', 'applied', 'undone', 'undone']);
    expect(spy.state.get('a')).toBe('none');
  });

  it('leaves alone what never began', async () => {
    const { spy, runner, undo, states } = await setUp(commandStep('a'), commandStep('b'), commandStep('c'));
    spy.instead.set('apply b', fails('x', 'y'));
    await runner.apply(runOf(TASK));
    await undo();
    expect(states()).toEqual(['undone', 'undone', 'planned']);
  });

  it('stops at an irreversible step and says what remains', async () => {
    const { runner, states, undo } = await setUp(commandStep('a'), forEver('b'), commandStep('c'));
    await runner.apply(runOf(TASK));
    expect(await undo()).toEqual({
      problem: {
        code: 'irreversible',
        message: 'step 2 (run b) stands: was signed as irreversible; so do the steps before it',
      },
    });
    expect(states()).toEqual(['applied', 'applied', 'undone']);
  });

  it('stops at a step whose undo fails, says what remains, and goes on from there the next time', async () => {
    const { spy, runner, states, undo } = await setUp(commandStep('a'), commandStep('b'), commandStep('c'));
    await runner.apply(runOf(TASK));
    spy.instead.set('undo b', fails('command-failed', 'exit code 1'));
    expect(await undo()).toEqual({
      problem: { code: 'undo-failed', message: 'step 2 (run b) stands: exit code 1; so do the steps before it' },
    });
    expect(states()).toEqual(['applied', 'undo-failed', 'undone']);
    spy.instead.delete('undo b');
    spy.seen.length = 0;
    expect(await undo()).toEqual({ problem: null });
    expect(spy.seen.map((line) => line.slice(0, 6))).toEqual(['undo b', 'undo a']);
    expect(states()).toEqual(['undone', 'undone', 'undone']);
  });

  it('takes an undo that throws for one that failed', async () => {
    const { spy, runner, states, undo } = await setUp(commandStep('a'));
    await runner.apply(runOf(TASK));
    spy.instead.set('undo a', () => Promise.reject(new Error('the snapshot is damaged')));
    expect(await undo()).toMatchObject({
      problem: { code: 'undo-failed', message: expect.stringMatching(/the snapshot is damaged/) },
    });
    expect(states()).toEqual(['undo-failed']);
  });

  it('takes one action back and leaves the others', async () => {
    const { runner, states, undo } = await setUp(commandStep('a'), commandStep('b'), commandStep('c'));
    await runner.apply(runOf(TASK));
    await undo({ action: 2 });
    expect(states()).toEqual(['applied', 'undone', 'applied']);
  });

  it('undoes nothing where one of the steps no longer is as it was left', async () => {
    const { spy, runner, states, undo } = await setUp(commandStep('a'), commandStep('b'));
    await runner.apply(runOf(TASK));
    spy.state.set('a', 'edited by hand');
    spy.seen.length = 0;
    expect(await undo()).toEqual({
      problem: {
        code: 'changed-since',
        message: 'a was changed since by something that is no task. Nothing was undone',
      },
    });
    expect(spy.seen).toEqual([]);
    expect(states()).toEqual(['applied', 'applied']);
  });

  it('asks of several steps on one thing only the last one how it was left', async () => {
    const { ledger, runner, undo, states } = await setUp(commandStep('a'), commandStep('a'));
    await runner.apply(runOf(TASK));
    await ledger.commit(() => ledger.changeStep(TASK, 1, { state: 'applied', left: { value: 'between' } }));
    expect(await undo()).toEqual({ problem: null });
    expect(states()).toEqual(['undone', 'undone']);
  });

  it('names the later task that changed it', async () => {
    const { ledger, spy, runner, undo } = await setUp(commandStep('a'));
    await runner.apply(runOf(TASK));
    await claimed(ledger, actionsTask({ task_id: 'task-2' }));
    await ledger.commit(() => {
      ledger.addSteps('task-2', [{ n: 1, action: 1, step: commandStep('a') }]);
      ledger.changeStep('task-2', 1, { state: 'applied' });
    });
    spy.state.set('a', 'newer');
    expect(await undo()).toMatchObject({
      problem: {
        message: 'a was changed since: the later task task-2 stands on it, undo that one first. Nothing was undone',
      },
    });
  });

  it('undoes all the same where it was not asked to compare', async () => {
    const { spy, runner, undo } = await setUp(commandStep('a'));
    await runner.apply(runOf(TASK));
    spy.state.set('a', 'half done');
    expect(await undo({ compare: false })).toEqual({ problem: null });
    expect(spy.state.get('a')).toBe('none');
  });

  it('takes a state that cannot be seen any more for a changed one, and says why', async () => {
    const { spy, runner, states, undo } = await setUp(commandStep('a'));
    await runner.apply(runOf(TASK));
    spy.instead.set('observe a', () => Promise.reject(new Error('a is no regular file')));
    const message = 'a: a is no regular file. Nothing was undone';
    expect(await undo()).toEqual({ problem: { code: 'changed-since', message } });
    expect(states()).toEqual(['applied']);
  });

  it('is stopped neither by a veto nor by an aborted run', async () => {
    const { ledger, runner, states } = await setUp(commandStep('a'));
    await runner.apply(runOf(TASK));
    await ledger.commit(() => ledger.addStatement(statement('veto', `task:${TASK}`), 't'));
    const signal = AbortSignal.abort(vetoed);
    expect(await runner.undo(runOf(TASK, { signal }), TASK, { compare: false })).toEqual({ problem: null });
    expect(states()).toEqual(['undone']);
    expect(ledger.withdrawals([`task:${TASK}`], START)).toHaveLength(1);
  });
});

const back = (target: string): Step => ({ ...commandStep(target), only: 'back' });
const forward = (target: string): Step => ({ ...commandStep(target), only: 'forward' });

describe('a step of one way', () => {
  it('back: does its work when it is taken back, in its place', async () => {
    const { runner, spy } = await setUp(back('restart'), commandStep('link'), forward('restart again'));
    expect(await runner.apply(runOf(TASK))).toBeNull();
    expect(spy.seen.map((line) => line.split(':')[0])).toEqual(['apply link', 'apply restart again']);
    expect(await runner.undo(runOf(TASK), TASK, { compare: true })).toEqual({ problem: null });
    expect(spy.seen.slice(2).map((line) => line.split(':')[0])).toEqual(['undo link', 'apply restart']);
  });

  it('back: is not done where its turn never came', async () => {
    const { runner, spy, ledger } = await setUp(commandStep('fetch'), back('restart'), commandStep('link'));
    spy.instead.set('apply fetch', fails('fetch-failed', 'no'));
    await runner.apply(runOf(TASK));
    await runner.undo(runOf(TASK), TASK, { compare: false });
    expect(statesOf(ledger, TASK)).toEqual(['undone', 'planned', 'planned']);
    expect(spy.seen.some((line) => line.includes('restart'))).toBe(false);
  });

  it('back: stands where its work fails, and so do the steps before it', async () => {
    const { runner, spy, ledger } = await setUp(commandStep('fetch'), back('restart'), commandStep('link'));
    await runner.apply(runOf(TASK));
    spy.instead.set('apply restart', fails('service-failed', 'it does not start'));
    expect((await runner.undo(runOf(TASK), TASK, { compare: false })).problem).toMatchObject({
      code: 'undo-failed',
      message: expect.stringMatching(/^step 2 \(run restart\) stands: it does not start/),
    });
    expect(statesOf(ledger, TASK)).toEqual(['applied', 'undo-failed', 'undone']);
  });

  it('forward: is not taken back, and keeps nothing from being taken back', async () => {
    const { runner, spy, ledger } = await setUp(commandStep('fetch'), { ...forEver('build'), only: 'forward' });
    spy.instead.set('apply build', fails('needs-code-change', 'exit code 1'));
    await runner.apply(runOf(TASK));
    expect(await runner.undo(runOf(TASK), TASK, { compare: true })).toEqual({ problem: null });
    expect(statesOf(ledger, TASK)).toEqual(['undone', 'failed']);
  });
});
