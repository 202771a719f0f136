import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import {
  type CommandQueries,
  checkSteps,
  commandFields,
  commandLine,
  commandNeeds,
  commandSpec,
  commandTraits,
  guardOf,
} from '../../src/planning/command.ts';
import { Argv } from '../../src/planning/input.ts';
import { isSecretRef } from '../../src/planning/secret-ref.ts';

/** Its beginning is no name of a secret, which a command would be given instead. */
const Text = z
  .string()
  .min(1)
  .refine((text) => !isSecretRef(text), 'a script is no secret: pass one in env');

const Input = z.strictObject({
  interpreter: Argv.describe('Reads the text from its standard input, e.g. `[/bin/sh, -eu]`.'),
  text: Text,
  undo_text: Text.optional().describe(
    'Takes it back, whether it did all, part or nothing. Read by the same interpreter.',
  ),
  ...commandFields,
});
type Input = z.infer<typeof Input>;

export const script = defineAction<Input, CommandQueries>({
  ...commandTraits,
  summary: "Runs a script: its text goes to the interpreter's standard input, never to a command line or a file.",
  undo: 'gives `undo_text` to the same interpreter',
  input: Input,
  reversible: (input) => input.undo_text !== undefined,
  needs: (input) => commandNeeds(input, [input.interpreter], ''),
  plan: (input) => [
    {
      kind: 'command',
      target: input.interpreter[0] ?? '',
      title: `run a script of ${input.text.trimEnd().split('\n').length} lines with ${commandLine(input.interpreter)}`,
      command: commandSpec(input, input.interpreter, input.text),
      undo: input.undo_text === undefined ? null : commandSpec(input, input.interpreter, input.undo_text),
      guard: guardOf(input),
    },
    ...checkSteps(input.check),
  ],
});
