import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { cutOverSteps, makingSteps, migrationSteps } from '../../src/planning/deploy.ts';
import {
  hasOneVersion,
  type MakingQueries,
  makingTraits,
  ONE_VERSION,
  targetFields,
  versionFields,
  versionOf,
} from '../../src/planning/deploy-input.ts';
import {
  isDeployed,
  refuseUnready,
  refuseUnsigned,
  releaseId,
  stagedRelease,
  treeSource,
} from '../../src/planning/deploy-terms.ts';

const Input = z
  .strictObject({ ...targetFields, environment: z.literal('production'), ...versionFields })
  .refine(hasOneVersion, { message: ONE_VERSION });
type Input = z.infer<typeof Input>;

/** Has production run what staging runs, as it was built there. */
export const promote = defineAction<Input, MakingQueries>({
  ...makingTraits,
  summary: 'Takes the release of staging to production as it is, without building it again.',
  input: Input,
  // Nothing may prune what it copies.
  resources: ({ app }) => [`app:${app}/production`, `app:${app}/staging`],
  plan: ({ app, environment, irreversible_migrations = false, ...named }, { app: fact }) => {
    const version = versionOf(named);
    // Refused where the app has no such version.
    treeSource(fact.app, version);
    refuseUnsigned(fact.app, irreversible_migrations);
    if (isDeployed(fact, version)) return [];
    refuseUnready(environment, fact);
    const { path, tree } = stagedRelease(fact);
    const release = { id: releaseId(fact.now, version), app, environment, version };
    const making = makingSteps({ release, source: { type: 'release', path }, fact, digest: tree });
    return [...making, ...cutOverSteps(release, fact, migrationSteps(fact, release))];
  },
});
