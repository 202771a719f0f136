import { z } from 'zod';
import { isInOneForm } from '../contract/need.ts';
import { covers } from './bounds.ts';
import { AbsolutePath, Argv, Variables } from './input.ts';
import { Probe } from './probe.ts';
import { ServiceRef, serviceName } from './service.ts';

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

const Command = z.strictObject({
  argv: Argv,
  env: Variables.optional(),
  network: z.literal(true).optional().describe('It may use the network; it has none where absent.'),
  timeout_ms: z.int().min(10).max(3_600_000).optional().describe('10 minutes where absent.'),
});
export type AppCommand = z.infer<typeof Command>;

const Migration = Command.extend({
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

const Watch = z.strictObject({
  for_ms: z.int().min(0).max(3_600_000).optional().describe('2 minutes where absent; 0 for none.'),
  every_ms: z.int().min(50).max(60_000).optional().describe('The pause between looks; 1 s where absent.'),
  failures: z.number().min(0).max(1).optional().describe('The part of looks that may fail; none where absent.'),
  latency_ms: z
    .int()
    .min(1)
    .max(60_000)
    .optional()
    .describe('What half of the looks may take at most; not asked where absent.'),
});

export const Place = z
  .strictObject({
    root: AbsolutePath.describe('Holds `releases`, `shared` and the link `current`.'),
    service: ServiceRef.optional().describe('Restarted once `current` leads to the new release.'),
    checks: z.array(Probe).min(1).max(10).describe('All must be healthy after the cut-over.'),
    preflight: Command.optional().describe('Run in the new release before the cut-over, e.g. on a port of its own.'),
    watch: Watch.optional().describe('How long, and by what, the new release is watched after its checks.'),
  })
  .meta({ id: 'environment' });
export type Place = z.infer<typeof Place>;

export const App = z
  .strictObject({
    source: Source,
    build: z.array(Command).max(10).optional().describe('Run in the new release in this order, in the sandbox.'),
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

/** Why two places cannot both be: a deploy of one would change the other. */
function quarrels(apps: Readonly<Record<string, App>>): string[] {
  const places = Object.entries(apps).flatMap(([app, { environments }]) =>
    Object.entries(environments).flatMap(([name, place]) => (place ? [{ name: `${app}/${name}`, ...place }] : [])),
  );
  const pairs = places.flatMap((one, index) => places.slice(index + 1).map((other) => [one, other] as const));
  return pairs.flatMap(([one, other]) => {
    const both = `${one.name} and ${other.name}`;
    const isNested = covers(one.root, other.root) || covers(other.root, one.root);
    const names = [one, other].map(({ service }) => service && serviceName(service));
    const isShared = names[0] !== undefined && names[0] === names[1];
    return [
      ...(isNested ? [`${both} have roots in one another`] : []),
      ...(isShared ? [`${both} have one service, ${names[0]}`] : []),
    ];
  });
}
