import { hash } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps, probeStep } from '../../src/planning/command.ts';
import type { TemplateContent, TextContent } from '../../src/planning/content/content.ts';
import { templateProblem } from '../../src/planning/content/template.ts';
import {
  type FileQueries,
  fileFields,
  fileNeeds,
  fileStep,
  fileTraits,
  hidesSecrets,
  SHOWS_SECRETS,
} from '../../src/planning/file.ts';
import { TemplateVariables } from '../../src/planning/input.ts';

const Fields = z.strictObject({
  ...fileFields,
  content: z.string().optional(),
  template: z
    .string()
    .optional()
    .describe(
      'In the place of content: mustache. `{{name}}` becomes the variable as it is, sections ask true or false.',
    ),
  variables: TemplateVariables.optional().describe('What the template uses, all of it.'),
});
type Input = z.infer<typeof Fields>;

const Input = Fields.refine(({ content, template }) => (content === undefined) !== (template === undefined), {
  message: 'expected either content, or template with variables',
})
  .refine(({ template, variables }) => (template === undefined) === (variables === undefined), {
    message: 'a template and its variables come together',
  })
  .superRefine(({ template, variables }, context) => {
    const problem = template !== undefined && variables ? templateProblem(template, variables) : null;
    if (problem) context.addIssue({ code: 'custom', message: problem, path: ['template'] });
  })
  .refine((input) => hidesSecrets(input, contentOf(input)), { message: SHOWS_SECRETS, path: ['mode'] });

export const file = defineAction<Input, FileQueries>({
  summary: 'Writes one file as a whole: a text, or a template with variables and secrets.',
  undo: 'puts the file back as it was, or removes it',
  input: Input,
  ...fileTraits,
  needs: (input) => fileNeeds(input, contentOf(input)),
  plan: (input, facts) => {
    const content = contentOf(input);
    const step = fileStep(input, facts, `write ${input.path}`, content);
    return [step, ...(input.check ? checkSteps(input.check) : contentChecks(input.path, content))];
  },
});

function contentOf({ content, template = '', variables = {} }: Input): TextContent | TemplateContent {
  return content === undefined ? { type: 'template', template, variables } : { type: 'text', text: content };
}

/** What is made of a template is known when it is written: its step looks at it itself. */
function contentChecks(path: string, content: TextContent | TemplateContent) {
  if (content.type === 'template') return [];
  return [probeStep({ type: 'file', service: path, path, sha256: hash('sha256', content.text) })];
}
