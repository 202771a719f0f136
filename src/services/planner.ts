import { coerceError } from '../errors.ts';
import type { BoundAction } from '../planning/action.ts';
import type { FactQueries } from '../planning/facts.ts';
import { PlanProblem } from '../planning/problem.ts';
import { type Answers, overlapOf, pathsOf, queriesOf, runPlan } from '../planning/run-plan.ts';
import type { PlannedStep } from '../planning/step.ts';
import type { FactReader } from './ports.ts';
import { kindOf, type StepKinds } from './step-kind.ts';

export type Plan = { steps: PlannedStep[] } | { code: string; message: string };

/** Reads the facts of all actions, then makes all plans, before the first step. Changes nothing. */
export async function planTask(actions: readonly BoundAction[], reader: FactReader): Promise<Plan> {
  const twice = overlapOf(actions);
  if (twice) return { code: 'overlap', message: `two actions of this task both need ${twice}: make two tasks of it` };
  try {
    await reader.answer({ ask: 'ground', paths: pathsOf(actions) });
    const answers = await Promise.all(queriesOf(actions).map((queries) => answersTo(queries, reader)));
    return { steps: runPlan(actions, answers) };
  } catch (error) {
    const { message } = coerceError(error);
    return { code: error instanceof PlanProblem ? error.code : 'facts', message };
  }
}

async function answersTo(queries: FactQueries, reader: FactReader): Promise<Answers> {
  const entries = Object.entries(queries).map(async ([name, query]) => [name, await reader.answer(query)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** What each step would change, one text a step. */
export function previewSteps(steps: readonly PlannedStep[], kinds: StepKinds): Promise<string[]> {
  return Promise.all(steps.map(({ step }) => kindOf(kinds, step).preview(step)));
}
