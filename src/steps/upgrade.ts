import { coerceError } from '../errors.ts';
import type { UpgradeStep } from '../planning/step.ts';
import { haltOf } from '../services/halt.ts';
import type { UpgradeState, Upgrades } from '../services/host.ts';
import type { Clock } from '../services/ports.ts';
import {
  type Answer,
  applied,
  type Done,
  type Effect,
  failed,
  refusedTo,
  type StepContext,
  type StepKind,
} from '../services/step-kind.ts';
import { VERSION } from '../version.ts';

const POLL_MS = 500;

export interface UpgradePorts {
  upgrades: Upgrades;
  clock: Clock;
}

/**
 * Has root upgrade this program, and waits for its word. The daemon ends in the middle of it: applied again by the next
 * one, of whichever version, it goes on waiting.
 */
export function upgradeKind({ upgrades, clock }: UpgradePorts): StepKind<UpgradeStep> {
  return {
    observe: async () => ({ version: await upgrades.installed() }),
    // What is not done may be half done, whatever ran before.
    capture: async () => null,
    apply: async (step, context) => {
      const refusal = await begin(context.work, upgrades);
      if (refusal !== null) return refusedTo('upgrade-refused', refusal);
      context.waitsForStop?.();
      return effectOf(step, await ended(context, upgrades, clock));
    },
    undo: async () => failed('irreversible', 'an upgrade to the version before leads back'),
    reconcile: async (step, _captured, { work }) => answerOf(step, await upgrades.look(work)),
    preview: async ({ title }) => `would ${title}`,
  };
}

/** Why root has not begun; null where it has, now or before. */
async function begin(taskId: string, upgrades: Upgrades): Promise<string | null> {
  if (await upgrades.look(taskId)) return null;
  const problem = await upgrades.begin(taskId).then(() => null, coerceError);
  // Another one that was asked at the same time may have been first.
  return problem && !(await upgrades.look(taskId)) ? problem.message : null;
}

/** How it ended; null where the daemon ends first. A veto ends nothing that root has begun. */
async function ended({ work, signal }: StepContext, upgrades: Upgrades, clock: Clock): Promise<UpgradeState | null> {
  for (;;) {
    const now = await upgrades.look(work);
    if (now?.state !== 'under-way') return now;
    if (haltOf(signal)?.open) return null;
    await clock.wait(POLL_MS);
  }
}

function effectOf(step: UpgradeStep, now: UpgradeState | null): Effect {
  if (now === null) return failed('aborted', 'the daemon ended');
  if (now.state !== 'ended')
    return {
      ...failed('upgrade-lost', `who did it ended without a word, and ${VERSION} runs: see "ops status"`),
      outcome: 'unknown',
    };
  const { outcome, message } = now;
  // The version before runs: what was done is taken back already.
  if (outcome === 'as-before') return refusedTo('upgrade-failed', message);
  if (outcome === 'unclear') return failed('upgrade-failed', message);
  const health = healthOf(step);
  if (VERSION === step.version) return applied(`${step.from} -> ${VERSION}`, { left: { version: VERSION }, health });
  return failed('not-as-planned', `root says that ${step.version} is there, but ${VERSION} runs`, { health });
}

const healthOf = ({ from, version }: UpgradeStep): Effect['health'] => [
  {
    service: 'savorg-ops',
    status: VERSION === version ? 'healthy' : 'down',
    endpoint: `version ${VERSION}, before it ${from}`,
  },
];

/** What is not known to be done is looked at again: root does a task's upgrade once. */
function answerOf(step: UpgradeStep, now: UpgradeState | null): Answer | Done {
  const isDone = now?.state === 'ended' && now.outcome === 'upgraded' && VERSION === step.version;
  return isDone ? { health: healthOf(step), environment: [] } : 'not-done';
}
