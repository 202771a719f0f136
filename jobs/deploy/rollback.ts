import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { cutOverSteps } from '../../src/planning/deploy.ts';
import { type AppQuery, deployTraits, targetFields } from '../../src/planning/deploy-input.ts';
import { rollbackTarget } from '../../src/planning/deploy-terms.ts';

const Input = z.strictObject({
  ...targetFields,
  to: z
    .string()
    .regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/, 'expected the id of a release: see "ops releases"')
    .optional()
    .describe('A release that is kept; the last stable one before it that is not vetoed where absent.'),
});
type Input = z.infer<typeof Input>;

/** Has an app run an earlier release. */
export const rollback = defineAction<Input, { app: AppQuery }>({
  summary: 'Has an app run the stable release before, or another one that is kept. A freeze does not stop it.',
  undo: 'has the app run the release that it ran',
  input: Input,
  ...deployTraits,
  reversible: () => true,
  subjects: () => [],
  facts: ({ app, environment }) => ({ app: { ask: 'app', app, environment, version: null } }),
  plan: ({ to }, { app: fact }) => cutOverSteps(rollbackTarget(fact, to), fact),
});
