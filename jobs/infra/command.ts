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
import { isTextOrRef, NOT_A_REF } from '../../src/planning/secret-ref.ts';
import type { CommandStep } from '../../src/planning/step.ts';

const Input = z.strictObject({
  argv: Argv,
  undo: Argv.optional().describe('Takes it back, whether it did all, part or nothing.'),
  stdin: z
    .string()
    .refine(isTextOrRef, NOT_A_REF)
    .optional()
    .describe('What it reads, or `secret:…`, which is fetched.'),
  ...commandFields,
});
type Input = z.infer<typeof Input>;

export const command = defineAction<Input, CommandQueries>({
  ...commandTraits,
  summary: 'Runs one program with arguments. No shell reads them.',
  undo: 'runs the `undo` argv',
  input: Input,
  reversible: (input) => input.undo !== undefined,
  needs: (input) => commandNeeds(input, [input.argv, ...(input.undo ? [input.undo] : [])], input.stdin ?? ''),
  plan: (input) => [commandStep(input), ...checkSteps(input.check)],
});

function commandStep(input: Input): CommandStep {
  const line = commandLine(input.argv);
  return {
    kind: 'command',
    target: input.argv[0] ?? '',
    title: `run ${line}`,
    command: commandSpec(input, input.argv, input.stdin ?? ''),
    undo: input.undo ? commandSpec(input, input.undo, '') : null,
    guard: guardOf(input),
  };
}
