import { z } from 'zod';
import { pathNeed } from '../../src/contract/need.ts';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps } from '../../src/planning/command.ts';
import { AbsolutePath, OwnerName } from '../../src/planning/input.ts';
import { Probe } from '../../src/planning/probe.ts';

const Input = z
  .strictObject({
    path: AbsolutePath,
    absent: z.literal(true).optional().describe('There is to be none. Only an empty one is removed.'),
    mode: z
      .string()
      .regex(/^[0-3][0-7]{3}$/, 'expected a quoted mode like "0755", "2775" or "1777"')
      .optional()
      .describe('Four octal digits, quoted. The present mode where absent, 0755 for a new one.'),
    owner: OwnerName.optional().describe('The present owner where absent.'),
    check: Probe.optional().describe('Of what uses it.'),
  })
  .refine(({ absent, mode, owner }) => !absent || (mode === undefined && owner === undefined), {
    message: 'what is to be absent has neither mode nor owner',
  });
type Input = z.infer<typeof Input>;

type Queries = { directory: { ask: 'directory'; path: string }; owner: { ask: 'owner'; owner: string | null } };

export const directory = defineAction<Input, Queries>({
  summary: 'Makes a directory in one that exists, sets its mode and owner, or removes an empty one.',
  undo: 'removes what it made if that is still empty, makes what it removed, and puts mode and owner back',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: (input) => [`path:${input.path}`],
  needs: (input) => [pathNeed(input.path)],
  subjects: () => [],
  check: (input) => input.check,
  facts: ({ path, owner }) => ({
    directory: { ask: 'directory', path },
    owner: { ask: 'owner', owner: owner ?? null },
  }),
  plan: ({ path, absent, mode, check }, facts) => [
    {
      kind: 'directory',
      target: path,
      title: `${absent ? 'remove' : 'have'} the directory ${path}`,
      path,
      absent: absent ?? false,
      mode: mode ?? null,
      owner: facts.owner,
      before: facts.directory,
    },
    ...checkSteps(check),
  ],
});
