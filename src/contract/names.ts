import { z } from 'zod';

/**
 * The keys that BullMQ keeps beside its jobs (`<prefix>:<queue>:<name>`): a job of that id would overwrite one.
 * Read off bullmq 6.7; integers it keeps for itself, too.
 */
const BULLMQ_KEYS = [
  'active completed de delayed events failed id limiter marker meta metrics paused pc prioritized repeat',
  'stalled stalled-check wait waiting-children',
]
  .join(' ')
  .split(' ');

/** A task's id, chosen by Manager. */
export const TaskId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,119}$/, 'expected [a-z0-9][a-z0-9._-]{0,119}')
  .regex(/[^0-9]/, 'expected at least one character that is not a digit')
  .regex(new RegExp(`^(?!(?:${BULLMQ_KEYS.join('|')})$)`), 'is a name that BullMQ keeps for itself');

/** PlanReview's id of a plan; groups tasks. */
export const PlanId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/, 'expected [A-Za-z0-9][A-Za-z0-9._-]{0,119}');

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected [a-z0-9][a-z0-9-]{0,62}');
const RESERVED_HOSTS = new Set(['any', 'results', 'alerts', 'control']);

/** A host's name: written once at install. The reserved ones would collide with the names of queues. */
export const HostName = name.refine((host) => !RESERVED_HOSTS.has(host), 'is a reserved word, not a host');
export const ScheduleName = name;

/** Who holds a key, e.g. `savorgManager`. */
export const Principal = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,119}$/, 'expected [A-Za-z0-9][A-Za-z0-9._@-]{0,119}');

/** UTC to the second, `2026-11-23T09:00:00Z`, and a moment that exists. */
export const UtcTime = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/, 'expected UTC as YYYY-MM-DDTHH:MM:SSZ')
  .refine(isRealMoment, 'is not a moment that exists');

export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 lower-case hex digits');

/** `deploy.release`: the operation type's folder and the capability's name. */
export const ActionName = z.string().regex(/^[a-z]+(\.[a-z][a-z0-9-]*)+$/, 'expected <operation type>.<name>');

export const OperationType = z.enum(['deploy', 'cron', 'config', 'monitoring', 'infra']);
export const Environment = z.enum(['staging', 'production', 'host']);
export const Role = z.enum(['manager', 'plan-review', 'security', 'operator', 'host']);

export type OperationType = z.infer<typeof OperationType>;
export type Environment = z.infer<typeof Environment>;
export type Role = z.infer<typeof Role>;

function isRealMoment(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && utcTime(at) === text;
}

/** Milliseconds since 1970 as the wire writes them; fractions of a second are cut off. */
export function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
