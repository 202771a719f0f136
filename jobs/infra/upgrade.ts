import { z } from 'zod';
import { Digest } from '../../src/contract/names.ts';
import { defineAction } from '../../src/planning/action.ts';
import { PlanProblem } from '../../src/planning/problem.ts';
import { WHOLE_HOST } from '../../src/planning/resources.ts';

/** What a task says of the version to come. */
export const UpgradeInput = z.strictObject({
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'expected a version, e.g. 1.2.0')
    .describe('What the artifact must say that it is. An older one is a way back.'),
  artifact: Digest.describe('That of the file which `npm run artifact` made; it lies in `artifacts/` of the host.'),
});
export type UpgradeInput = z.infer<typeof UpgradeInput>;

/** Has the daemon be another version of itself. */
export const upgrade = defineAction<UpgradeInput, { installation: { ask: 'installation' } }>({
  summary:
    'Has root put another version of savorg-ops in the place of this one, and put this one back where that does not come up.',
  undo: 'not by an undo: by an upgrade to the version before',
  input: UpgradeInput,
  changes: true,
  endsDaemon: true,
  reversible: () => false,
  resources: () => [WHOLE_HOST],
  needs: () => [],
  subjects: ({ artifact }) => [`artifact:${artifact}`],
  check: () => undefined,
  facts: () => ({ installation: { ask: 'installation' } }),
  plan: ({ version }, { installation }) => {
    const from = installation.version;
    if (from === null)
      throw new PlanProblem(
        'not-installed',
        'this daemon was not installed by "ops install": upgrade it as it was started',
      );
    if (from === version) return [];
    return [
      { kind: 'upgrade', target: 'savorg-ops', title: `upgrade savorg-ops from ${from} to ${version}`, from, version },
    ];
  },
});
