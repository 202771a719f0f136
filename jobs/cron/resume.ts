import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { present, type RowQuery, rowOf, scheduleFields, scheduleStep, scheduleTraits } from './schedule.ts';

const Input = z.strictObject(scheduleFields);
type Input = z.infer<typeof Input>;

export const resume = defineAction<Input, RowQuery>({
  ...scheduleTraits,
  summary: 'Has a paused schedule go on with what is due from now on, whoever paused it.',
  undo: 'pauses it again, for the reason it was paused',
  input: Input,
  subjects: ({ schedule }) => [`schedule:${schedule}`],
  facts: rowOf,
  plan: ({ schedule }, { row }) => {
    const { definition } = present(schedule, row);
    return [scheduleStep(schedule, `resume ${schedule}`, row, { definition: null, digest: definition, paused: '' })];
  },
});
