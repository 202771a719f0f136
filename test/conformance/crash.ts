import type { ActionsTask } from '../../src/contract/task.ts';
import type { StepRecord } from '../../src/planning/record.ts';
import { changesSomething } from '../../src/planning/step.ts';
import type { Failpoint, Point } from '../../src/services/failpoint.ts';
import { kindOf } from '../../src/services/step-kind.ts';
import type { Host } from './host.ts';

/** What a step said of itself after the daemon had died at this point of it. */
export interface Answer {
  point: Point;
  kind: string;
  answer: 'done' | 'not-done' | 'unknown';
}

class Death extends Error {
  readonly point: Point;
  readonly record: StepRecord;

  constructor(point: Point, record: StepRecord) {
    super(`died: ${point}`);
    this.point = point;
    this.record = record;
  }
}

/** Applies a task on a host whose daemon dies at both points of each step that changes something, and goes on each time. */
export async function applyDying(host: Host, task: ActionsTask): Promise<Answer[]> {
  const answers: Answer[] = [];
  const died = new Set<string>();
  for (;;) {
    const death = await goOn(host, task, died);
    if (!death) return answers;
    const { point, record } = death;
    const answer = await host.reconcile(task.task_id, record);
    answers.push({ point, kind: record.step.kind, answer });
    await settle(host, task, record, answer);
  }
}

/** The daemon dies where the first step that changes something is intended, and nothing is done. */
export const dieAtFirst = (host: Host, task: ActionsTask): Promise<Death | null> => goOn(host, task, new Set());

/** Until the daemon dies where it did not die before; null where it got to the end. */
async function goOn(host: Host, task: ActionsTask, died: Set<string>): Promise<Death | null> {
  const reached: Failpoint = (point) => {
    const record = host.ledger.steps(task.task_id).find(({ state }) => state === 'applying');
    if (!record || !changesSomething(record.step) || died.has(`${point} ${record.n}`)) return;
    died.add(`${point} ${record.n}`);
    throw new Death(point, record);
  };
  const end = await host.goOn(task, reached).catch((error: unknown) => {
    if (error instanceof Death) return error;
    throw error;
  });
  if (end === null || end instanceof Death) return end;
  throw new Error(end.message);
}

/** As the reconciler has it for a task that is resumed. */
async function settle(host: Host, { task_id }: ActionsTask, { n, step }: StepRecord, answer: Answer['answer']) {
  const left = answer === 'done' ? await kindOf(await host.kinds(), step).observe(step) : null;
  const state = answer === 'done' ? 'applied' : 'planned';
  host.ledger.write(() => host.ledger.changeStep(task_id, n, { state, left }));
}
