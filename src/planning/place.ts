import { z } from 'zod';
import { AbsolutePath, Argv, Variables } from './input.ts';
import { Probe } from './probe.ts';
import { ServiceRef, serviceName } from './service.ts';

/** A program that an app brings, or that stands in front of it. */
export const AppCommand = z.strictObject({
  argv: Argv,
  env: Variables.optional(),
  network: z.literal(true).optional().describe('It may use the network; it has none where absent.'),
  timeout_ms: z.int().min(10).max(3_600_000).optional().describe('10 minutes where absent.'),
});
export type AppCommand = z.infer<typeof AppCommand>;

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

/** What stands for an instance's address in the text of the front's file. */
const ADDRESS = '{{address}}';

export const Instance = z
  .strictObject({
    service: ServiceRef.describe('A service of its own, which runs what `current-a` (or `current-b`) leads to.'),
    address: z
      .string()
      .max(255)
      .regex(/^[^\s{}]+$/, 'expected one word')
      .describe('Where it takes requests, as the front names it: `127.0.0.1:8101`, `unix:/run/web-a.sock`.'),
    checks: z.array(Probe).min(1).max(10).describe('All must be healthy before the front leads requests to it.'),
  })
  .meta({ id: 'instance' });
export type Instance = z.infer<typeof Instance>;

export const Front = z
  .strictObject({
    file: AbsolutePath.describe('Written whole by Ops, and read by the front.'),
    text: z
      .string()
      .max(8192)
      .refine((text) => text.includes(ADDRESS), `expected a text with ${ADDRESS} in it`)
      .describe(`What stands in the file; \`${ADDRESS}\` is where the address of an instance goes.`),
    reload: AppCommand.extend({
      writes: z.array(AbsolutePath).min(1).max(20).optional().describe('Below which paths it may write.'),
    }).describe('Has the front read the file again, without breaking off a request.'),
  })
  .meta({ id: 'front' });

export const HandOver = z
  .strictObject({
    instances: z
      .strictObject({ a: Instance, b: Instance })
      .refine(({ a, b }) => serviceName(a.service) !== serviceName(b.service), 'expected two services')
      .refine(({ a, b }) => a.address !== b.address, 'expected two addresses')
      .describe('Of these the front leads requests to one; the other one is for the next release.'),
    front: Front.describe('What takes the requests, e.g. nginx, Caddy, HAProxy.'),
    drain_ms: z
      .int()
      .min(0)
      .max(3_600_000)
      .optional()
      .describe(
        'For how long the old instance goes on at least, once requests are led to the new one; 30 s where absent.',
      ),
  })
  .meta({ id: 'hand-over' });
export type HandOver = z.infer<typeof HandOver>;

export const Place = z
  .strictObject({
    root: AbsolutePath.describe('Holds `releases`, `shared` and the link `current`.'),
    service: ServiceRef.optional().describe('Restarted once `current` leads to the new release.'),
    hand_over: HandOver.optional().describe(
      'In the place of `service`: deploys without a moment in which nothing answers.',
    ),
    checks: z.array(Probe).min(1).max(10).describe('All must be healthy after the cut-over.'),
    preflight: AppCommand.optional().describe('Run in the new release before the cut-over, e.g. on a port of its own.'),
    watch: Watch.optional().describe('How long, and by what, the new release is watched after its checks.'),
  })
  .refine(({ service, hand_over }) => !service || !hand_over, 'expected either service or hand_over')
  .meta({ id: 'environment' });
export type Place = z.infer<typeof Place>;

export type InstanceName = keyof HandOver['instances'];
export const INSTANCES: readonly InstanceName[] = ['a', 'b'];

/** The text by which the front leads requests to an instance. */
export const frontText = ({ front, instances }: HandOver, name: InstanceName): string =>
  front.text.replaceAll(ADDRESS, () => instances[name].address);

const instancesOf = ({ hand_over }: Place): Instance[] => (hand_over ? Object.values(hand_over.instances) : []);

/** What runs its releases. */
export const servicesOf = (place: Place): ServiceRef[] => [
  ...(place.service ? [place.service] : []),
  ...instancesOf(place).map(({ service }) => service),
];

/** What a place has for itself, besides its root. */
export const claimsOf = (place: Place): string[] => [
  ...servicesOf(place).map((each) => `service, ${serviceName(each)}`),
  ...instancesOf(place).map(({ address }) => `address, ${address}`),
  ...(place.hand_over ? [`file of a front, ${place.hand_over.front.file}`] : []),
];
