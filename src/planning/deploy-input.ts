import { z } from 'zod';
import { AppEnvironment, AppName } from './app.ts';
import type { FactQuery } from './facts.ts';

/** What every action on an app names. */
export const targetFields = {
  app: AppName.describe('One of `etc/apps.yaml`.'),
  environment: AppEnvironment.describe("The task's own."),
};
export type DeployTarget = z.infer<z.ZodObject<typeof targetFields>>;

/** What a task names of the app's source. */
export const versionFields = {
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'expected the whole commit: 40 hex digits')
    .optional()
    .describe('Of an app that is made of git.'),
  artifact: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256:<64 hex>')
    .optional()
    .describe('Of an app that is made of an archive or a directory.'),
};
export type NamedVersion = z.infer<z.ZodObject<typeof versionFields>>;

export const hasOneVersion = ({ commit, artifact }: NamedVersion): boolean =>
  (commit === undefined) !== (artifact === undefined);
export const ONE_VERSION = 'expected either commit or artifact';

/** As a veto names it. */
export const versionOf = ({ commit, artifact }: NamedVersion): string =>
  commit === undefined ? `artifact:${artifact}` : `commit:${commit}`;

export type AppQuery = Extract<FactQuery, { ask: 'app' }>;

/** What every action on an app has in common. */
export const deployTraits = {
  changes: true,
  resources: ({ app, environment }: DeployTarget): string[] => [`app:${app}/${environment}`],
  needs: ({ app }: DeployTarget): string[] => [`app:${app}`],
  check: () => undefined,
  environment: ({ environment }: DeployTarget) => environment,
};
