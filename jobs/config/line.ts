import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import type { LineContent } from '../../src/planning/content/content.ts';
import {
  editFields,
  editSteps,
  type FileQueries,
  fileNeeds,
  fileTraits,
  hasOnePlace,
  ONE_PLACE,
  placeFields,
  placeOf,
  TextLine,
} from '../../src/planning/file.ts';

const Fields = z.strictObject({
  ...editFields,
  ...placeFields,
  line: TextLine.optional().describe('As it is to be, in full.'),
  starts_with: TextLine.optional().describe(
    'The one line that begins so is it; one that is the same in full where absent.',
  ),
  absent: z.literal(true).optional().describe('There is to be no such line.'),
});
type Input = z.infer<typeof Fields>;

const Input = Fields.refine(hasOnePlace, { message: ONE_PLACE })
  .refine(({ line, starts_with, absent }) => (absent ? (line === undefined) !== (starts_with === undefined) : line), {
    message: 'expected line; with absent: true either line or starts_with',
  })
  .refine(({ line, starts_with = '' }) => line?.startsWith(starts_with) ?? true, {
    message: 'the line must begin with starts_with, or the next run would not know it',
  });

export const line = defineAction<Input, FileQueries>({
  summary: 'Keeps one line in a file, or out of it; all else in it stays as it is.',
  undo: 'puts the file back as it was, or removes one that it began',
  input: Input,
  ...fileTraits,
  needs: (input) => fileNeeds(input, contentOf(input)),
  plan: (input, facts) => {
    const title = `${input.absent ? 'remove' : 'write'} a line of ${input.path}`;
    return editSteps(input, facts, title, contentOf(input));
  },
});

function contentOf(input: Input): LineContent {
  const { line: whole = '', starts_with: startsWith, absent } = input;
  const match = startsWith === undefined ? { exactly: whole } : { startsWith };
  return { type: 'line', match, line: absent ? null : whole, place: placeOf(input) };
}
