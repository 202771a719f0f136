import { posix } from 'node:path';
import { z } from 'zod';
import { pathNeed } from '../../src/contract/need.ts';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps } from '../../src/planning/command.ts';
import { AbsolutePath } from '../../src/planning/input.ts';
import { Probe } from '../../src/planning/probe.ts';

/** What `..` means depends on the links that are there. */
const Target = z
  .string()
  .refine((target) => AbsolutePath.safeParse(target.startsWith('/') ? target : `/${target}`).success, {
    message: 'expected a path without //, ., .. or a slash at its end: absolute, or below the folder of the link',
  });

const Input = z
  .strictObject({
    path: AbsolutePath,
    target: Target.optional().describe("Where it leads: an absolute path, or one below the link's folder."),
    absent: z.literal(true).optional().describe('There is to be none.'),
    check: Probe.optional().describe('Of what uses it.'),
  })
  .refine(({ target, absent }) => (target === undefined) !== (absent === undefined), {
    message: 'expected either target or absent',
  })
  .refine((input) => !`${ledTo(input) ?? ''}/`.startsWith(`${input.path}/`), { message: 'it would lead to itself' });
type Input = z.infer<typeof Input>;

type Queries = { link: { ask: 'link'; path: string } };

export const link = defineAction<Input, Queries>({
  summary: 'Makes a symbolic link, has it lead elsewhere without a moment between, or removes it.',
  undo: 'has it lead where it led, or removes it',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: ({ path }) => [`path:${path}`],
  // Who may have a path lead somewhere may from then on change what is there, under the path's own name.
  needs: (input) => [input.path, ledTo(input)].filter((path) => path !== null).map(pathNeed),
  subjects: () => [],
  check: (input) => input.check,
  facts: ({ path }) => ({ link: { ask: 'link', path } }),
  plan: ({ path, target, check }, facts) => [
    {
      kind: 'link',
      target: path,
      title: target === undefined ? `remove the link ${path}` : `link ${path} to ${target}`,
      path,
      wanted: target ?? null,
      before: facts.link,
    },
    ...checkSteps(check),
  ],
});

function ledTo({ path, target }: { path: string; target?: string | undefined }): string | null {
  return target === undefined ? null : posix.resolve(posix.dirname(path), target);
}
