import { z } from 'zod';
import { AppEnvironment, AppName } from './app.ts';
import { appResource } from './app-resources.ts';
import type { FactQuery } from './facts.ts';

/** What every action on an app names. */
export const targetFields = {
  app: AppName.describe('One of `etc/apps.yaml`.'),
  environment: AppEnvironment.describe("The task's own."),
};
type DeployTarget = z.infer<z.ZodObject<typeof targetFields>>;

/** What a task names of what it brings. */
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
  irreversible_migrations: z
    .literal(true)
    .optional()
    .describe('The app has migrations that cannot be taken back; then the task must say `irreversible: true`.'),
};
type NamedVersion = z.infer<z.ZodObject<typeof versionFields>>;

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
  resources: (target: DeployTarget): string[] => [appResource(target)],
  needs: ({ app }: DeployTarget): string[] => [`app:${app}`],
  check: () => undefined,
  environment: ({ environment }: DeployTarget) => environment,
};

export type MakingQueries = { app: AppQuery; sandbox: { ask: 'sandbox' } };

/** What those that make a release have in common. */
export const makingTraits = {
  ...deployTraits,
  undo: 'has the app run what it ran, and removes the release that it made',
  reversible: ({ irreversible_migrations }: NamedVersion): boolean => irreversible_migrations !== true,
  subjects: (input: NamedVersion): string[] => [versionOf(input)],
  facts: (input: DeployTarget & NamedVersion): MakingQueries => ({
    app: { ask: 'app', app: input.app, environment: input.environment, version: versionOf(input) },
    sandbox: { ask: 'sandbox' },
  }),
};
