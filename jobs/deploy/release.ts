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
  stagedTree,
  treeSource,
} from '../../src/planning/deploy-terms.ts';

const Input = z.strictObject({ ...targetFields, ...versionFields }).refine(hasOneVersion, { message: ONE_VERSION });
type Input = z.infer<typeof Input>;

/** Deploys a version of an app's source. */
export const release = defineAction<Input, MakingQueries>({
  ...makingTraits,
  summary: 'Fetches a version of an app, builds it, and has the app run it once it is healthy; else all is as before.',
  input: Input,
  plan: ({ app, environment, irreversible_migrations = false, ...wanted }, { app: fact }) => {
    const version = versionOf(wanted);
    const source = treeSource(fact.app, version);
    refuseUnsigned(fact.app, irreversible_migrations);
    if (isDeployed(fact, version)) return [];
    refuseUnready(environment, fact);
    const named = { id: releaseId(fact.now, version), app, environment, version };
    const making = makingSteps({ release: named, source, fact, digest: stagedTree(environment, fact) });
    return [...making, ...cutOverSteps(named, fact, migrationSteps(fact, named))];
  },
});
