import { registry } from '../../jobs/index.ts';
import { sandboxOf } from '../adapters/sandbox/find.ts';
import { storedValues } from '../adapters/secrets/index.ts';
import { taskDigest } from '../contract/digest.ts';
import { OpsError } from '../errors.ts';
import { type MachineParts, machineOf } from '../machine.ts';
import { withPlaces } from '../planning/app-resources.ts';
import { resourcesOf } from '../planning/run-plan.ts';
import { Redactor } from '../secret.ts';
import type { Commands } from '../services/commands.ts';
import { planTask, previewSteps } from '../services/planner.ts';
import { scheduleFacts } from '../services/schedule-facts.ts';
import { boundActionsOf } from '../services/work.ts';
import { becomeOwner } from './become.ts';
import type { Context } from './context.ts';
import { readSubmission } from './sign.ts';
import { print } from './terminal.ts';

/** Where the daemon has never run. */
const NO_SCHEDULES = { schedule: () => undefined, schedules: () => [], definition: () => undefined };

/** A preview runs and writes nothing. */
const nothing = () => {
  throw new Error('a preview changes nothing');
};
const NO_LEDGER: MachineParts['ledger'] = {
  task: () => undefined,
  lateTokens: () => [],
  withdrawals: () => [],
  laterTaskOn: () => undefined,
  steps: () => [],
  releases: () => [],
  releaseAt: () => undefined,
  write: nothing,
  putRelease: nothing,
  removeRelease: nothing,
};
const NO_COMMANDS: Commands = {
  run: async () => ({
    ended: 'not-started',
    exitCode: null,
    signal: null,
    message: 'a preview runs nothing',
    durationMs: 0,
    leftRunning: [],
  }),
};
const NOTHING: Omit<MachineParts, 'schedules' | 'ledger' | 'sandbox'> = {
  commands: NO_COMMANDS,
  secrets: { fetch: async () => nothing() },
  rows: {
    fact: nothing,
    write: nothing,
    summary: nothing,
    hasSlot: nothing,
    addSlot: nothing,
    removeSlot: nothing,
  },
};

/** `ops preview <file>`: what a task would change on this host now, and the digest to sign. */
export async function preview(context: Context, path: string): Promise<void> {
  const { task, attestations } = await readSubmission(context, path);
  becomeOwner(context.config.home);
  if (!('actions' in task)) throw new OpsError(`${path} has no actions to preview`);
  const actions = boundActionsOf(task, registry, NO_SCHEDULES);
  if (typeof actions === 'string') throw new OpsError(actions);
  const schedules = scheduleFacts(context.ledgerIfAny ?? NO_SCHEDULES, context.clock);
  const ledger = context.ledgerIfAny ?? NO_LEDGER;
  const sandbox = sandboxOf(context.config);
  const { kinds, facts, apps } = machineOf(context.config, { ...NOTHING, schedules, ledger, sandbox });
  const plan = await planTask(actions, facts);
  if ('code' in plan) throw new OpsError(`${plan.code}: ${plan.message}`);
  const texts = await previewSteps(plan.steps, kinds);
  // Files that are there may hold what nobody fetches for a preview.
  const redactor = new Redactor(await storedValues(context.config.home));
  print(`${task.task_id} on ${context.config.host.name} (${task.environment}): ${task.reason}`);
  print(
    attestations.length > 0 ? `digest ${taskDigest(task)}` : 'no digest yet: it has one once Manager has signed it',
  );
  print(`needs for itself: ${withPlaces(resourcesOf(actions), apps).join(', ') || 'nothing'}`);
  if (plan.steps.length === 0) print('\nThere is nothing to do.');
  for (const [index, { step }] of plan.steps.entries()) {
    print(`\n${index + 1}. ${step.title}`);
    print(redactor.redact(texts[index] ?? '').replaceAll(/^/gm, '   '));
  }
}
