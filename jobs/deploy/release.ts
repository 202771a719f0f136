import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import {
  cutOverSteps,
  makingSteps,
  refuseUnready,
  releaseId,
  stagedTree,
  treeSource,
} from '../../src/planning/deploy.ts';
import {
  type AppQuery,
  deployTraits,
  hasOneVersion,
  ONE_VERSION,
  targetFields,
  versionFields,
  versionOf,
} from '../../src/planning/deploy-input.ts';

const Input = z.strictObject({ ...targetFields, ...versionFields }).refine(hasOneVersion, { message: ONE_VERSION });
type Input = z.infer<typeof Input>;
type Queries = { app: AppQuery; sandbox: { ask: 'sandbox' } };

/** Deploys a version of an app's source. */
export const release = defineAction<Input, Queries>({
  summary: 'Fetches a version of an app, builds it, and has the app run it once it is healthy; else all is as before.',
  undo: 'has the app run the release before, and removes the one that it made',
  input: Input,
  ...deployTraits,
  reversible: () => true,
  subjects: (input) => [versionOf(input)],
  facts: (input) => ({
    app: { ask: 'app', app: input.app, environment: input.environment, version: versionOf(input) },
    sandbox: { ask: 'sandbox' },
  }),
  plan: ({ app, environment, ...named }, { app: fact }) => {
    const version = versionOf(named);
    refuseUnready(environment, fact);
    const release = { id: releaseId(fact.now, version), app, environment, version };
    const making = { release, source: treeSource(fact, version), fact, digest: stagedTree(environment, fact) };
    return [...makingSteps(making), ...cutOverSteps(release, fact)];
  },
});
