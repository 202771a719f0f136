import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { present, type RowQuery, rowOf, scheduleFields, scheduleStep, scheduleTraits } from './schedule.ts';

const Input = z.strictObject(scheduleFields);
type Input = z.infer<typeof Input>;

/** It goes on with what is due from now on, whoever paused it. */
export const resume = defineAction<Input, RowQuery>({
  ...scheduleTraits,
  input: Input,
  subjects: ({ schedule }) => [`schedule:${schedule}`],
  facts: rowOf,
  plan: ({ schedule }, { row }) => {
    const { definition } = present(schedule, row);
    return [scheduleStep(schedule, `resume ${schedule}`, row, { definition: null, digest: definition, paused: '' })];
  },
});
