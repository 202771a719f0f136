import { z } from 'zod';
import { Environment, ScheduleName, UtcTime } from '../contract/names.ts';
import { ActionRequest } from '../contract/task.ts';
import { HttpUrl } from '../planning/input.ts';
import { Probe } from '../planning/probe.ts';
import { parsePattern } from './pattern.ts';
import { isTimeZone } from './zone.ts';

const DAY_MS = 24 * 3600_000;

/** What must be well before it runs: another schedule of this host, or a service that is looked at. */
const Dependency = z.union([z.strictObject({ schedule: ScheduleName }), z.strictObject({ service: Probe })]);

/** How one slot's failure is told. */
const FailureAlert = z.strictObject({
  /** How many slots must fail in a row. */
  after_failures: z.int().min(1).max(100),
  severity: z.enum(['info', 'warning', 'critical']),
});

/** Recurring work, whole: what PlanReview and Security sign. Durations are milliseconds. */
export const Definition = z
  .strictObject({
    name: ScheduleName.min(3),
    purpose: z.string().min(10, 'say in a sentence what it is for').max(500),
    owner: z.string().min(1).max(120),
    /** Five fields, or six with the seconds first; `@daily` and its like; `H` spreads by name. */
    pattern: z.string(),
    time_zone: z.string().refine(isTimeZone, 'expected a time zone of the IANA database, e.g. Europe/Berlin or UTC'),
    environment: Environment,
    actions: z.array(ActionRequest).min(1).max(20),
    on_failure: z.enum(['undo', 'stop']),
    on_interrupt: z.enum(['resume', 'undo', 'stop']).optional(),
    depends_on: z.array(Dependency).max(10),
    /** How long it takes where all is well. */
    expected_ms: z.int().min(1).max(DAY_MS),
    /** It is ended after that, which counts as a failure. */
    limit_ms: z.int().min(100).max(DAY_MS),
    /** What becomes of a slot that is due while the one before it has not ended. */
    overlap: z.enum(['skip', 'queue', 'replace']),
    /** Which slots are run late, of those that were due while this host could not run them. */
    catch_up: z.enum(['none', 'latest', 'all']),
    /** How often a failed slot is tried again; the pause before it doubles each time, up to a day. */
    retries: z.strictObject({ count: z.int().min(0).max(10), backoff_ms: z.int().min(1_000).max(DAY_MS) }),
    alert: FailureAlert,
    /** It is paused after so many failures in a row, with an alert. */
    disable_after: z.int().min(1).max(1_000).optional(),
    /** How long it may wait for locks and dependencies; an hour where absent. */
    start_within_ms: z.int().min(1_000).max(DAY_MS).optional(),
    /** Where to ping as Healthchecks has it: `/start`, the bare address, `/fail`, `/<exit code>`. */
    heartbeat: HttpUrl.optional(),
    valid_until: UtcTime,
  })
  .superRefine((definition, context) => {
    for (const [path, message] of problemsOf(definition)) context.addIssue({ code: 'custom', path: [path], message });
  });
export type Definition = z.infer<typeof Definition>;

/** How far ahead `valid_until` may lie. */
export const MAX_VALID_MS = 400 * DAY_MS;

const START_WITHIN_MS = 3600_000;
export const startWithinMs = (definition: Definition): number => definition.start_within_ms ?? START_WITHIN_MS;

/** What a slot has done: the services that it depends on are looked at first, and nothing else is done where one is not well. */
export function requestsOf({ depends_on, actions }: Pick<Definition, 'depends_on' | 'actions'>): ActionRequest[] {
  const services = depends_on.flatMap((dependency) => ('service' in dependency ? [dependency.service] : []));
  return [...services.map((check) => ({ action: 'monitoring.probe', with: { check } })), ...actions];
}

export function dependenciesOf({ depends_on }: Pick<Definition, 'depends_on'>): string[] {
  return depends_on.flatMap((dependency) => ('schedule' in dependency ? [dependency.schedule] : []));
}

type Fields = Pick<Definition, 'name' | 'pattern' | 'actions' | 'depends_on' | 'expected_ms' | 'limit_ms'>;

function* problemsOf(fields: Fields): Generator<[string, string]> {
  const pattern = parsePattern(fields.pattern, fields.name);
  if (typeof pattern === 'string') yield ['pattern', pattern];
  if (fields.limit_ms < fields.expected_ms) yield ['limit_ms', 'is shorter than expected_ms'];
  if (dependenciesOf(fields).includes(fields.name)) yield ['depends_on', 'it cannot wait for itself'];
  if (fields.actions.some(({ action }) => action.startsWith('cron.')))
    yield ['actions', 'a schedule may not change schedules'];
}
