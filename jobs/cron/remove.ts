import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { present, scheduleFields, scheduleStep, scheduleTraits } from './schedule.ts';

const Input = z.strictObject(scheduleFields);
type Input = z.infer<typeof Input>;
type Queries = { row: { ask: 'schedule'; name: string }; host: { ask: 'schedules' } };

export const remove = defineAction<Input, Queries>({
  ...scheduleTraits,
  summary: 'Removes a schedule on which no other depends. What its slots did stays on record.',
  undo: 'defines it again',
  input: Input,
  subjects: () => [],
  facts: ({ schedule }) => ({ row: { ask: 'schedule', name: schedule }, host: { ask: 'schedules' } }),
  plan: ({ schedule }, { row, host }) => {
    present(schedule, row);
    const dependent = host.schedules.find(({ dependsOn }) => dependsOn.includes(schedule));
    if (dependent) throw new Error(`${dependent.name} depends on ${schedule}: remove that first, or define it anew`);
    return [scheduleStep(schedule, `remove ${schedule}`, row, null)];
  },
});
