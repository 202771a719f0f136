import { z } from 'zod';
import { binaryNeed, NETWORK, pathNeed } from '../contract/need.ts';
import { AbsolutePath, Argv } from './input.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,119}$/, 'expected [A-Za-z0-9][A-Za-z0-9._@-]{0,119}');

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

/** A service, by the supervisor that keeps it. */
export const ServiceRef = z.discriminatedUnion('supervisor', [CommandService]);
export type ServiceRef = z.infer<typeof ServiceRef>;
export type SupervisorName = ServiceRef['supervisor'];
export type RefOf<S extends SupervisorName> = Extract<ServiceRef, { supervisor: S }>;

/** `<supervisor>/<name>`, as policy, locks and reports know it. */
export const serviceName = (ref: ServiceRef): string => `${ref.supervisor}/${ref.name}`;

const writesOf = (ref: ServiceRef): string[] => (ref.writes ?? []).map(pathNeed);

/** What it takes for itself while it is changed. */
export const serviceResources = (ref: ServiceRef): string[] => [`service:${serviceName(ref)}`, ...writesOf(ref)];

/** What policy must allow for changing it. */
export function serviceNeeds(ref: ServiceRef): string[] {
  const programs = [ref.start, ref.stop, ref.status].map(binaryNeed);
  return [`service:${serviceName(ref)}`, ...programs, ...writesOf(ref), ...(ref.network ? [NETWORK] : [])];
}
