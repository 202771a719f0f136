import { z } from 'zod';
import { Environment, ScheduleName, UtcTime } from '../contract/names.ts';
import { ActionRequest } from '../contract/task.ts';
import { HttpUrl } from '../planning/input.ts';
import { Probe } from '../planning/probe.ts';
import { parsePattern } from './pattern.ts';
import { isTimeZone } from './zone.ts';

const DAY_MS = 24 * 3600_000;

const Dependency = z.union([z.strictObject({ schedule: ScheduleName }), z.strictObject({ service: Probe })]);

const FailureAlert = z.strictObject({
  after_failures: z.int().min(1).max(100).describe('How many slots must fail in a row.'),
  severity: z.enum(['info', 'warning', 'critical']),
});

/** Recurring work, whole: what PlanReview and Security sign. Durations are milliseconds. */
export const Definition = z
  .strictObject({
    name: ScheduleName.min(3),
    purpose: z.string().min(10, 'say in a sentence what it is for').max(500),
    owner: z.string().min(1).max(120).describe('Who answers for it.'),
    pattern: z
      .string()
      .describe('Five fields, or six with the seconds first; `@daily` and its like; `H` spreads by name.'),
    time_zone: z
      .string()
      .refine(isTimeZone, 'expected a time zone of the IANA database, e.g. Europe/Berlin or UTC')
      .describe('Of the IANA database, e.g. Europe/Berlin.'),
    environment: Environment.describe('The same as that of the task which brings it.'),
    actions: z.array(ActionRequest).min(1).max(20).describe('What each slot does; nothing of `cron`.'),
    on_failure: z.enum(['undo', 'stop']),
    on_interrupt: z.enum(['resume', 'undo', 'stop']).optional(),
    depends_on: z
      .array(Dependency)
      .max(10)
      .describe('What must be well before it runs: another schedule of this host, or a service that is looked at.'),
    expected_ms: z.int().min(1).max(DAY_MS).describe('How long it takes where all is well.'),
    limit_ms: z.int().min(100).max(DAY_MS).describe('It is ended after that, which counts as a failure.'),
    overlap: z
      .enum(['skip', 'queue', 'replace'])
      .describe('What becomes of a slot that is due while the one before it has not ended.'),
    catch_up: z
      .enum(['none', 'latest', 'all'])
      .describe('Which slots are run late, of those that were due while this host could not run them.'),
    retries: z
      .strictObject({ count: z.int().min(0).max(10), backoff_ms: z.int().min(1_000).max(DAY_MS) })
      .describe('How often a failed slot is tried again; the pause before it doubles each time, up to a day.'),
    alert: FailureAlert.describe('How failures are told.'),
    disable_after: z
      .int()
      .min(1)
      .max(1_000)
      .optional()
      .describe('It is paused after so many failures in a row, with an alert.'),
    start_within_ms: z
      .int()
      .min(1_000)
      .max(DAY_MS)
      .optional()
      .describe('How long it may wait for locks and dependencies; an hour where absent.'),
    heartbeat: HttpUrl.optional().describe(
      'Where to ping as Healthchecks has it: `/start`, the bare address, `/fail`, `/<exit code>`.',
    ),
    valid_until: UtcTime.describe('At most 400 days ahead.'),
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
