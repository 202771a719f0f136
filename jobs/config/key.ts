import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import type { KeyPath, KeysContent } from '../../src/planning/content/content.ts';
import {
  editFields,
  editSteps,
  type FileQueries,
  fileNeeds,
  fileTraits,
  hidesSecrets,
  SHOWS_SECRETS,
} from '../../src/planning/file.ts';
import { JsonOrRef } from '../../src/planning/input.ts';

const Key = z
  .array(
    z.union([
      z
        .string()
        .min(1)
        .max(256)
        .regex(/^[^\r\n\0]*$/, 'expected one line'),
      z.int().min(0).max(9999),
    ]),
  )
  .min(1)
  .max(20);

const Fields = z.strictObject({
  ...editFields,
  format: z.enum(['yaml', 'json', 'ini', 'plist', 'env']),
  set: z
    .array(
      z.strictObject({
        key: Key.describe('Names from the outermost on; a number is a place in a list, from 0.'),
        value: JsonOrRef.describe("Of JSON's kinds, or a reference to a secret."),
      }),
    )
    .min(1)
    .max(100)
    .optional(),
  remove: z.array(Key).min(1).max(100).optional().describe('Keys, each as in `set`.'),
});
type Input = z.infer<typeof Fields>;

const Input = Fields.refine(({ set, remove }) => set ?? remove, { message: 'expected set, remove or both' })
  .refine((input) => isApart(keysOf(input)), {
    message: 'a key is named twice, or stands in another one that is named',
  })
  .refine((input) => hidesSecrets(input, contentOf(input)), { message: SHOWS_SECRETS, path: ['mode'] });

export const key = defineAction<Input, FileQueries>({
  summary:
    'Sets and removes single values of a YAML, JSON, INI, property list or env file; all else in it stays as it is.',
  undo: 'puts the file back as it was, or removes one that it began',
  input: Input,
  ...fileTraits,
  needs: (input) => fileNeeds(input, contentOf(input)),
  plan: (input, facts) => {
    const title = `change ${keysOf(input)
      .map((own) => own.join('.'))
      .join(', ')} in ${input.path}`;
    return editSteps(input, facts, title, contentOf(input));
  },
});

function contentOf({ format, set = [], remove = [] }: Input): KeysContent {
  return { type: 'keys', format, set, remove };
}

const keysOf = ({ set = [], remove = [] }: Input): KeyPath[] => [...set.map((own) => own.key), ...remove];

/** Whether each can be changed without the others: what one run does, the next one leaves. */
function isApart(keys: readonly KeyPath[]): boolean {
  const texts = keys.map((own) => JSON.stringify(own.map(String)).slice(0, -1));
  return texts.every((text, at) => !texts.some((other, index) => index !== at && `${other},`.startsWith(`${text},`)));
}
