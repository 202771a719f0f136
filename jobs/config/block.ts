import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { hasMarkers } from '../../src/planning/content/block.ts';
import type { BlockContent } from '../../src/planning/content/content.ts';
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
} from '../../src/planning/file.ts';

const Fields = z.strictObject({
  ...editFields,
  ...placeFields,
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'expected a name of a-z, 0-9, . _ -')
    .describe('It stands between `# BEGIN savorg-ops <name>` and `# END savorg-ops <name>`.'),
  comment: z
    .enum(['#', '//', ';', '--', '%', '!'])
    .optional()
    .describe('What begins a comment in the file; `#` where absent.'),
  content: z
    .string()
    .refine((content) => !hasMarkers(content), 'a block holds no markers of blocks')
    .optional()
    .describe('The lines between the markers.'),
  absent: z.literal(true).optional().describe('In the place of content: there is to be no such block.'),
});
type Input = z.infer<typeof Fields>;

const Input = Fields.refine(hasOnePlace, { message: ONE_PLACE }).refine(
  ({ content, absent }) => (content === undefined) === (absent ?? false),
  {
    message: 'expected either content, or absent: true',
  },
);

export const block = defineAction<Input, FileQueries>({
  summary: 'Keeps a block of lines between two markers in a file; all else in it stays as it is.',
  undo: 'puts the file back as it was, or removes one that it began',
  input: Input,
  ...fileTraits,
  needs: (input) => fileNeeds(input, contentOf(input)),
  plan: (input, facts) => {
    const title = `${input.absent ? 'remove' : 'write'} the block ${input.name} in ${input.path}`;
    return editSteps(input, facts, title, contentOf(input));
  },
});

function contentOf(input: Input): BlockContent {
  const { name, comment = '#', content = null } = input;
  return { type: 'block', name, comment, text: content, place: placeOf(input) };
}
