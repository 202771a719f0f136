import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { cutOverSteps, makingSteps, refuseUnready, releaseId, stagedRelease } from '../../src/planning/deploy.ts';
import {
  type AppQuery,
  deployTraits,
  hasOneVersion,
  ONE_VERSION,
  targetFields,
  versionFields,
  versionOf,
} from '../../src/planning/deploy-input.ts';

const Input = z
  .strictObject({ ...targetFields, environment: z.literal('production'), ...versionFields })
  .refine(hasOneVersion, { message: ONE_VERSION });
type Input = z.infer<typeof Input>;
type Queries = { app: AppQuery; sandbox: { ask: 'sandbox' } };

/** Has production run what staging runs, as it was built there. */
export const promote = defineAction<Input, Queries>({
  summary: 'Takes the release of staging to production as it is, without building it again.',
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
    const source = { type: 'release', path: stagedRelease(fact) } as const;
    return [...makingSteps({ release, source, fact, digest: null }), ...cutOverSteps(release, fact)];
  },
});
