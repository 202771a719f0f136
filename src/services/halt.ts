import type { Withdrawal } from '../admission/facts.ts';
import type { Outcome } from '../contract/report.ts';
import type { StepRecord } from '../planning/record.ts';
import type { Effect } from './step-kind.ts';

/** Why a task does not go on. `open`: it is not over, the next start of the daemon decides. */
export interface Halt {
  outcome: Outcome;
  code: string;
  message: string;
  open?: boolean;
  /** Time has passed since its last step, in which others may have changed things. */
  late?: boolean;
}

export function haltByWithdrawal({ verb, target, by, reason }: Withdrawal): Halt {
  const outcome = verb === 'veto' ? 'vetoed' : 'cancelled';
  return { outcome, code: outcome, message: `${target} was ${outcome} by ${by}: ${reason}` };
}

/** For which a run was aborted; null where it goes on. */
export function haltOf(signal: AbortSignal): Halt | null {
  return signal.aborted ? (signal.reason as Halt) : null;
}

/** By a step that did not apply. */
export function haltBy({ step, n }: StepRecord, effect: Effect): Halt {
  return { outcome: 'failed', code: effect.code ?? 'failed', message: `step ${n} (${step.title}): ${effect.message}` };
}
