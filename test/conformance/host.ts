import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/clock.ts';
import { confined } from '../../src/adapters/sandbox/confined.ts';
import { sandboxOf } from '../../src/adapters/sandbox/find.ts';
import { secretSources } from '../../src/adapters/secrets/index.ts';
import { verifierBy } from '../../src/adapters/verify.ts';
import { homeOf, loadConfig } from '../../src/config.ts';
import type { ActionRequest, ActionsTask } from '../../src/contract/task.ts';
import type { Home } from '../../src/home.ts';
import { createLogger } from '../../src/log.ts';
import { type Machine, machineOf } from '../../src/machine.ts';
import type { StepRecord } from '../../src/planning/record.ts';
import type { PlannedStep } from '../../src/planning/step.ts';
import { openSchedules } from '../../src/schedules.ts';
import { Redactor } from '../../src/secret.ts';
import type { Commands } from '../../src/services/commands.ts';
import { type Failpoint, passBy } from '../../src/services/failpoint.ts';
import { type Halt } from '../../src/services/halt.ts';
import { planTask, previewSteps } from '../../src/services/planner.ts';
import type { FactReader } from '../../src/services/ports.ts';
import { Running } from '../../src/services/running.ts';
import { scheduleFacts } from '../../src/services/schedule-facts.ts';
import { secretsFrom } from '../../src/services/secrets.ts';
import { kindOf, type StepKinds } from '../../src/services/step-kind.ts';
import { StepRunner, type UndoResult } from '../../src/services/step-runner.ts';
import { actionsTask, boundActions, claimed, runOf, tellers, testLedger, testRing } from '../services/support.ts';
import type { Place } from './trial.ts';

/** A host of the daemon's own parts around a folder that goes with the test. */
export class Host implements Place {
  readonly #root = temporaryFolder();
  readonly folder = join(this.#root, 'example');
  readonly home = homeIn(join(this.#root, 'home'));
  readonly ledger = testLedger(systemClock, this.home.var.ledger);
  readonly #commands: Commands;
  #machine: Promise<Machine> | undefined;
  #arranged = 0;

  constructor(commands: Commands) {
    mkdirSync(this.folder);
    this.#commands = commands;
  }

  async perform(...actions: ActionRequest[]): Promise<void> {
    this.#arranged += 1;
    const task = actionsTask({ task_id: `arranged-${this.#arranged}`, actions });
    const halt = await this.apply(task, await this.plan(task));
    if (halt) throw new Error(halt.message);
  }

  async reader(): Promise<FactReader> {
    return (await this.#wired()).facts;
  }

  /** @throws why there is none. */
  async plan(task: ActionsTask, reader?: FactReader): Promise<PlannedStep[]> {
    const plan = await planTask(boundActions(task), reader ?? (await this.reader()));
    if ('code' in plan) throw new Error(`${plan.code}: ${plan.message}`);
    return plan.steps;
  }

  async preview(steps: readonly PlannedStep[]): Promise<string[]> {
    return previewSteps(steps, await this.kinds());
  }

  async apply(task: ActionsTask, steps: readonly PlannedStep[]): Promise<Halt | null> {
    await this.intend(task, steps);
    return this.goOn(task);
  }

  /** The task is claimed and its steps are planned. */
  async intend(task: ActionsTask, steps: readonly PlannedStep[]): Promise<void> {
    await claimed(this.ledger, task);
    this.ledger.write(() => this.ledger.addSteps(task.task_id, steps));
  }

  async goOn({ task_id }: ActionsTask, reached: Failpoint = passBy): Promise<Halt | null> {
    return (await this.#steps(reached)).apply(runOf(task_id));
  }

  async undo({ task_id }: ActionsTask): Promise<UndoResult['problem']> {
    const steps = await this.#steps(passBy);
    return (await steps.undo(runOf(`undo-${task_id}`), task_id, { compare: true })).problem;
  }

  /** What its kind says of a step that was under way when the daemon died. */
  async reconcile(task_id: string, { step, captured, n }: StepRecord) {
    const context = { ...runOf(task_id), work: task_id, n };
    const answer = await kindOf(await this.kinds(), step).reconcile(step, captured, context);
    return typeof answer === 'string' ? answer : 'done';
  }

  /** After what a trial has put on the PATH. */
  async kinds(): Promise<StepKinds> {
    return (await this.#wired()).kinds;
  }

  #wired(): Promise<Machine> {
    this.#machine ??= this.#wire();
    return this.#machine;
  }

  async #wire(): Promise<Machine> {
    const { ledger, home } = this;
    const clock = systemClock;
    const ring = await testRing();
    // Not before a trial has changed the environment.
    const config = loadConfig(home.root);
    const rows = openSchedules({
      config,
      ledger,
      clock,
      log: createLogger({ redactor: new Redactor(), sinks: [] }),
      verifier: verifierBy(() => ring, clock),
      alerter: tellers(ledger, clock).alerter,
      running: new Running(
        () => ({ write: async () => undefined, lastLines: async () => '', close: async () => undefined }),
        clock,
      ),
      queue: { bring: async () => undefined },
      isUsable: () => false,
      onMessage: () => undefined,
    }).rows;
    const redactor = new Redactor();
    const secrets = secretsFrom({ ledger, redactor, sources: secretSources(config, redactor) });
    const schedules = scheduleFacts(ledger, clock);
    const sandbox = sandboxOf(config);
    const commands = confined(this.#commands, sandbox, config);
    return machineOf(config, { commands, sandbox, secrets, rows, schedules, ledger });
  }

  async #steps(reached: Failpoint): Promise<StepRunner> {
    const { ledger } = this;
    return new StepRunner({
      ledger,
      kinds: await this.kinds(),
      clock: systemClock,
      awake: async () => undefined,
      reached,
    });
  }
}

/** By its real name: on a Mac the temporary folder lies behind a link. */
function temporaryFolder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'ops-trial-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function homeIn(root: string): Home {
  mkdirSync(join(root, 'etc'), { recursive: true });
  mkdirSync(join(root, 'var/run'), { recursive: true, mode: 0o700 });
  writeFileSync(join(root, 'etc/ops.yaml'), 'host: mini-1\n');
  return homeOf(root);
}
