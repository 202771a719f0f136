import { z } from 'zod';
import { binaryNeed, NETWORK, pathNeed } from '../contract/need.ts';
import { ContainerName, containerResource } from './container.ts';
import { AbsolutePath, Argv } from './input.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,119}$/, 'expected [A-Za-z0-9][A-Za-z0-9._@-]{0,119}');

/** A task that ended the daemon under itself would never be reported. */
const NOT_OURS = 'belongs to Ops itself: an operator changes it, with "sudo ops install", "upgrade" or "uninstall"';
const OURS = new Set(['com.savorg.ops', 'com.savorg.redis', 'savorg-ops', 'savorg-ops.service']);

/** A Mac's files know no capitals. */
const othersName = name.refine((text) => !OURS.has(text.toLowerCase()), NOT_OURS);

/** A LaunchDaemon in launchd's system domain. */
export const LaunchdService = z.strictObject({
  supervisor: z.literal('launchd'),
  label: othersName.refine(
    (label) => !label.toLowerCase().startsWith('com.apple.'),
    'belongs to macOS, which keeps it as it is',
  ),
});

/** All processes of one name under pm2. */
export const Pm2Service = z.strictObject({
  supervisor: z.literal('pm2'),
  name: othersName.refine((text) => !/^(?:all|json|stdin|\d+)$/.test(text), 'means something else to pm2'),
});

export const SystemdService = z.strictObject({
  supervisor: z.literal('systemd'),
  unit: othersName.refine((unit) => unit.endsWith('.service'), 'expected <name>.service'),
});

/** Three programs start a service, stop it and look at it. How it is defined is their own business. */
const CommandService = z.strictObject({
  supervisor: z.literal('command'),
  name,
  /** Ends once the service is started, and leaves it running. */
  start: Argv,
  stop: Argv,
  /** Exit code 0: it runs; 3: it does not. Of any other nobody knows. */
  status: Argv,
  /** Below which paths they may write; nowhere where absent. */
  writes: z.array(AbsolutePath).min(1).max(20).optional(),
  /** They may use the network; they have none where absent. */
  network: z.literal(true).optional(),
});

/** One container that is there, whoever made it. */
const ContainerService = z.strictObject({ supervisor: z.literal('container'), name: ContainerName });

/** A service, by the supervisor that keeps it. */
export const ServiceRef = z.discriminatedUnion('supervisor', [
  LaunchdService,
  Pm2Service,
  SystemdService,
  CommandService,
  ContainerService,
]);
export type ServiceRef = z.infer<typeof ServiceRef>;
export type SupervisorName = ServiceRef['supervisor'];
export type RefOf<S extends SupervisorName> = Extract<ServiceRef, { supervisor: S }>;

/** `<supervisor>/<name>`, as policy, locks and reports know it. */
export const serviceName = (ref: ServiceRef): string => `${ref.supervisor}/${ownName(ref)}`;

function ownName(ref: ServiceRef): string {
  if (ref.supervisor === 'launchd') return ref.label;
  return ref.supervisor === 'systemd' ? ref.unit : ref.name;
}

const writesOf = (ref: ServiceRef): string[] => (ref.supervisor === 'command' ? (ref.writes ?? []).map(pathNeed) : []);

/** A container is the same thing, by whatever action it is changed. */
const containerOf = (ref: ServiceRef): string[] =>
  ref.supervisor === 'container' ? [containerResource(ref.name)] : [];

/** What it takes for itself while it is changed. */
export const serviceResources = (ref: ServiceRef): string[] => [
  `service:${serviceName(ref)}`,
  ...containerOf(ref),
  ...writesOf(ref),
];

/** What policy must allow for changing it. */
export function serviceNeeds(ref: ServiceRef): string[] {
  const own = [`service:${serviceName(ref)}`, ...containerOf(ref)];
  if (ref.supervisor !== 'command') return own;
  const programs = [ref.start, ref.stop, ref.status].map(binaryNeed);
  return [...own, ...programs, ...writesOf(ref), ...(ref.network ? [NETWORK] : [])];
}
