import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import type { EnvironmentContent } from '../../src/planning/content/content.ts';
import {
  editFields,
  editSteps,
  type FileQueries,
  fileNeeds,
  fileTraits,
  hidesSecrets,
  SHOWS_SECRETS,
} from '../../src/planning/file.ts';
import { SETS_PM2, setsPm2, VariableName, Variables } from '../../src/planning/input.ts';
import { variableNeeds } from '../../src/planning/reach.ts';

const Fields = z.strictObject({
  ...editFields,
  service: z
    .string()
    .min(1)
    .max(120)
    .describe('Whose variables they are, for the report; in a definition of pm2 the name of its process.'),
  format: z
    .enum(['env', 'launchd', 'pm2-json', 'pm2-yaml'])
    .describe('An env file, `EnvironmentVariables` of a launchd plist, or `env` of one process of a pm2 definition.'),
  set: Variables.optional(),
  remove: z.array(VariableName).min(1).max(100).optional(),
});
type Input = z.infer<typeof Fields>;

const Input = Fields.refine((input) => namesOf(input).length > 0, { message: 'expected set, remove or both' })
  .refine((input) => new Set(namesOf(input)).size === namesOf(input).length, { message: 'a variable is named twice' })
  .refine(({ format, set = {} }) => !format.startsWith('pm2') || !setsPm2(set), { message: SETS_PM2, path: ['set'] })
  .refine((input) => hidesSecrets(input, contentOf(input)), { message: SHOWS_SECRETS, path: ['mode'] });

export const env = defineAction<Input, FileQueries>({
  summary: 'Adds, changes and removes environment variables of a service where it keeps them. Restarts nothing.',
  undo: 'puts the file back as it was, or removes one that it began',
  input: Input,
  ...fileTraits,
  needs: (input) => [...fileNeeds(input, contentOf(input)), ...variableNeeds(input.set ?? {})],
  plan: (input, facts) => {
    const title = `change ${namesOf(input).join(', ')} of ${input.service} in ${input.path}`;
    return editSteps(input, facts, title, contentOf(input));
  },
});

function contentOf({ format, service, set = {}, remove = [] }: Input): EnvironmentContent {
  return { type: 'environment', format, service, set, remove };
}

const namesOf = ({ set = {}, remove = [] }: Input): string[] => [...Object.keys(set), ...remove];
