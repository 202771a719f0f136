import { z } from 'zod';
import { isInOneForm } from '../contract/need.ts';
import { covers } from './bounds.ts';
import { AbsolutePath, Argv } from './input.ts';
import { AppCommand, claimsOf, Place } from './place.ts';

export const AppName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected [a-z0-9][a-z0-9-]{0,62}');

/** Where an app runs before it is trusted, and after. */
export const AppEnvironment = z.enum(['staging', 'production']);
export type AppEnvironment = z.infer<typeof AppEnvironment>;

/** A git remote in a form that git cannot take for an option or another program. */
const Remote = z
  .string()
  .max(1024)
  .regex(
    /^(?:https:\/\/|ssh:\/\/|file:\/\/)[A-Za-z0-9][^\s\0]*$|^file:\/\/\/[^\s\0]+$/,
    'expected https://…, ssh://… or file:///…',
  );

/** What a release is made of. A task names the one that it wants: a commit, or a digest. */
const Source = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('git'), remote: Remote.describe('The only place that commits are fetched from.') }),
  z.strictObject({
    type: z.literal('archive'),
    folder: AbsolutePath.describe('Where archives lie as `<sha256>.tar`, `.tar.gz` or `.tgz`.'),
  }),
  z.strictObject({
    type: z.literal('directory'),
    folder: AbsolutePath.describe('Where trees lie as `<sha256 of the tree>`.'),
  }),
]);

const Migration = AppCommand.extend({
  undo: Argv.optional().describe('Takes it back, whether it did all, part or nothing.'),
  irreversible: z.literal(true).optional().describe('In the place of undo: it cannot be taken back.'),
}).refine(({ undo, irreversible }) => (undo === undefined) === (irreversible ?? false), {
  message: 'expected either undo, or irreversible: true',
});

/** A path in a release, without `..`. */
const InnerPath = z
  .string()
  .max(512)
  .refine(
    (path) => !path.includes('\0') && isInOneForm(`/${path}`),
    'expected a relative path without //, ., .. or a slash at its end',
  );

export const App = z
  .strictObject({
    source: Source,
    build: z.array(AppCommand).max(10).optional().describe('Run in the new release in this order, in the sandbox.'),
    shared: z
      .array(InnerPath)
      .max(50)
      .refine(
        (paths) => paths.every((path, index) => !paths.toSpliced(index, 1).some((other) => covers(other, path))),
        {
          message: 'expected no path twice, and none in another one',
        },
      )
      .optional()
      .describe(
        'Paths of a release that lead to the same path below `shared`, which must be there: data, logs, `.env`.',
      ),
    migrations: z.array(Migration).max(10).optional().describe('Run in the new release before the cut-over.'),
    keep: z.int().min(2).max(50).optional().describe('How many releases deploy.prune keeps; 5 where absent.'),
    receipt_hours: z
      .int()
      .min(1)
      .max(24 * 90)
      .optional()
      .describe('How old the proof of staging may be that production asks for; 168 where absent.'),
    environments: z
      .strictObject({ staging: Place.optional(), production: Place.optional() })
      .refine(({ staging, production }) => staging ?? production, 'expected staging, production or both'),
  })
  .meta({ id: 'app' });
export type App = z.infer<typeof App>;

const Freeze = z
  .strictObject({
    from: z.iso.datetime().describe('UTC, e.g. 2026-12-23T16:00:00Z.'),
    to: z.iso.datetime().describe('From then on it is over.'),
    environments: z.array(AppEnvironment).min(1),
    reason: z.string().min(1).max(200),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { message: 'expected a time after from', path: ['to'] });

const HostLimits = z.strictObject({
  free_disk_mb: z.int().min(1).optional().describe('Where the releases lie; 1024 where absent.'),
  free_memory_mb: z.int().min(1).optional().describe('256 where absent.'),
  load_per_core: z.number().min(0.1).optional().describe('Over a minute; 8 where absent.'),
});

/** `etc/apps.yaml` */
export const AppsFile = z.strictObject({
  apps: z
    .record(AppName, App)
    .superRefine((apps, context) => {
      for (const message of quarrels(apps)) context.addIssue({ code: 'custom', message });
    })
    .describe('What can be deployed here, by name.'),
  freeze: z.array(Freeze).max(100).optional().describe('When nothing is deployed. Rollbacks and undos always are.'),
  host: HostLimits.optional().describe('Below which nothing is deployed.'),
});
export type AppsFile = z.infer<typeof AppsFile>;

/** Each place of each app. */
export function placesOf(apps: AppsFile['apps']): { app: string; environment: AppEnvironment; place: Place }[] {
  return Object.entries(apps).flatMap(([app, { environments }]) =>
    AppEnvironment.options.flatMap((environment) => {
      const place = environments[environment];
      return place ? [{ app, environment, place }] : [];
    }),
  );
}

/** Why two places cannot both be: a deploy of one would change the other. */
function quarrels(apps: Readonly<Record<string, App>>): string[] {
  const places = placesOf(apps).map(({ app, environment, place }) => ({ name: `${app}/${environment}`, place }));
  const pairs = places.flatMap((one, index) => places.slice(index + 1).map((other) => [one, other] as const));
  return pairs.flatMap(([one, other]) => {
    const both = `${one.name} and ${other.name}`;
    const isNested = covers(one.place.root, other.place.root) || covers(other.place.root, one.place.root);
    const others = claimsOf(other.place);
    return [
      ...(isNested ? [`${both} have roots in one another`] : []),
      ...claimsOf(one.place)
        .filter((claim) => others.includes(claim))
        .map((claim) => `${both} have one ${claim}`),
    ];
  });
}
