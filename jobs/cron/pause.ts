import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { present, type RowQuery, rowOf, scheduleFields, scheduleStep, scheduleTraits } from './schedule.ts';

const Input = z.strictObject({
  ...scheduleFields,
  reason: z.string().min(1).max(500).describe('Stands beside it until it goes on.'),
});
type Input = z.infer<typeof Input>;

export const pause = defineAction<Input, RowQuery>({
  ...scheduleTraits,
  summary: 'Pauses a schedule: its slots are skipped until it is resumed.',
  undo: 'has it go on',
  input: Input,
  subjects: () => [],
  facts: rowOf,
  plan: ({ schedule, reason }, { row }) => {
    const { definition } = present(schedule, row);
    return [scheduleStep(schedule, `pause ${schedule}`, row, { definition: null, digest: definition, paused: reason })];
  },
});
