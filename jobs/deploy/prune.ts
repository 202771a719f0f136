import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { type AppQuery, deployTraits, targetFields } from '../../src/planning/deploy-input.ts';
import { prunable, removalSteps } from '../../src/planning/pruning.ts';

const Input = z.strictObject(targetFields);
type Input = z.infer<typeof Input>;

/** Removes releases that nothing needs. */
export const prune = defineAction<Input, { app: AppQuery }>({
  summary: 'Removes the oldest releases of an app; as many as it says stay, and what it runs does.',
  undo: 'none: what is removed is fetched again by a deploy of its version',
  input: Input,
  ...deployTraits,
  reversible: () => false,
  subjects: () => [],
  facts: ({ app, environment }) => ({ app: { ask: 'app', app, environment, version: null } }),
  plan: (_, { app: fact }) => removalSteps(fact, prunable(fact)),
});
