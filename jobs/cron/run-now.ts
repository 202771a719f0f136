import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { present, scheduleFields, scheduleTraits } from './schedule.ts';

const Input = z.strictObject(scheduleFields);
type Input = z.infer<typeof Input>;
type Queries = { row: { ask: 'schedule'; name: string }; host: { ask: 'schedules' } };

const SECOND_MS = 1_000;

export const runNow = defineAction<Input, Queries>({
  ...scheduleTraits,
  summary: 'Adds a slot to a schedule out of its turn, due now. It passes the line as any other.',
  undo: 'takes the slot away, where it has not begun',
  input: Input,
  subjects: ({ schedule }) => [`schedule:${schedule}`],
  facts: ({ schedule }) => ({ row: { ask: 'schedule', name: schedule }, host: { ask: 'schedules' } }),
  plan: ({ schedule }, { row, host }) => {
    const { paused } = present(schedule, row);
    if (paused !== '') throw new Error(`${schedule} is paused (${paused}): resume it first`);
    const validUntil = host.schedules.find(({ name }) => name === schedule)?.validUntil ?? '';
    if (Date.parse(validUntil) <= host.now)
      throw new Error(`the definition of ${schedule} was valid until ${validUntil}: have it defined anew first`);
    return [
      {
        kind: 'record',
        record: 'slot',
        target: `schedule:${schedule}`,
        title: `run ${schedule} now`,
        schedule,
        dueAt: Math.floor(host.now / SECOND_MS) * SECOND_MS,
      },
    ];
  },
});
