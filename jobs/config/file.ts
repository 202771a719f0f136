import { hash } from 'node:crypto';
import { z } from 'zod';
import { pathNeed } from '../../src/contract/need.ts';
import { defineAction } from '../../src/planning/action.ts';
import { checkSteps, probeStep } from '../../src/planning/command.ts';
import { AbsolutePath, OwnerName } from '../../src/planning/input.ts';
import { Probe } from '../../src/planning/probe.ts';

const Input = z.strictObject({
  path: AbsolutePath,
  content: z.string(),
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'expected a quoted mode like "0644"')
    .optional()
    .describe('Four octal digits, quoted. The present mode where absent, 0644 for a new file.'),
  owner: OwnerName.optional().describe('The present owner where absent.'),
  check: Probe.optional().describe("Of what reads the file; the file's own digest where absent."),
});
type Input = z.infer<typeof Input>;

type Queries = { file: { ask: 'file'; path: string }; owner: { ask: 'owner'; owner: string | null } };

export const file = defineAction<Input, Queries>({
  summary: 'Writes one file as a whole.',
  undo: 'puts the file back as it was, or removes it',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: (input) => [`path:${input.path}`],
  needs: (input) => [pathNeed(input.path)],
  subjects: () => [],
  check: (input) => input.check,
  facts: (input) => ({
    file: { ask: 'file', path: input.path },
    owner: { ask: 'owner', owner: input.owner ?? null },
  }),
  plan: (input, facts) => [
    {
      kind: 'file',
      target: input.path,
      title: `write ${input.path}`,
      path: input.path,
      content: { type: 'text', text: input.content },
      mode: input.mode ?? null,
      owner: facts.owner,
      before: facts.file,
    },
    ...(input.check ? checkSteps(input.check) : [contentCheck(input)]),
  ],
});

function contentCheck({ path, content }: Input) {
  return probeStep({ type: 'file', service: path, path, sha256: hash('sha256', content) });
}
