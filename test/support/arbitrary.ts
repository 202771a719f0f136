import * as fc from 'fast-check';
import { utcTime } from '../../src/contract/names.ts';
import type { ActionsTask, SlotTask, Task, UndoTask } from '../../src/contract/task.ts';
import { NOW } from './tasks.ts';

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((it) => it.isWellFormed());
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/);
const time = fc.integer({ min: NOW, max: NOW + 1e11 }).map(utcTime);
const digest = fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`);

const key = fc
  .oneof(text, fc.constantFrom('constructor', 'toString', '0', '10', 'length', ''))
  .filter((it) => it !== '__proto__');

/** Every JSON value that the contract admits. */
export const anyJson = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(null, true, false, ''),
    text,
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, min: -1e15, max: 1e15 }).filter((it) => !Object.is(it, -0)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
})).value;

const heading = {
  // With a dot, because plain words may be names that BullMQ keeps for itself.
  task_id: fc.stringMatching(/^[a-z][a-z0-9._-]{0,40}$/).map((id) => `${id}.1`),
  operation_type: fc.constantFrom('deploy', 'cron', 'config', 'monitoring', 'infra'),
  environment: fc.constantFrom('staging', 'production', 'host'),
  host: fc.oneof(
    fc.constant('any'),
    name.filter((it) => !['results', 'alerts', 'control'].includes(it)),
  ),
  reason: text,
  not_before: time,
  expires_at: time,
} as const;

const required = ['task_id', 'operation_type', 'environment', 'host', 'reason', 'expires_at'] as const;

const request = fc.record(
  {
    action: fc.stringMatching(/^[a-z]{1,9}\.[a-z][a-z0-9-]{0,9}$/),
    with: fc.dictionary(key, anyJson, { maxKeys: 5, noNullPrototype: true }),
    irreversible: fc.boolean(),
  },
  { requiredKeys: ['action', 'with'] },
);

const anyActionsTask: fc.Arbitrary<ActionsTask> = fc.record(
  {
    ...heading,
    plan_id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/),
    actions: fc.array(request, { minLength: 1, maxLength: 4 }),
    on_failure: fc.constantFrom('undo' as const, 'stop' as const),
    on_interrupt: fc.constantFrom('resume' as const, 'undo' as const, 'stop' as const),
  },
  { requiredKeys: [...required, 'plan_id', 'actions', 'on_failure'] },
);

const undo = fc.record(
  { task_id: heading.task_id, digest, action: fc.integer({ min: 1, max: 50 }) },
  { requiredKeys: ['task_id', 'digest'] },
);
const anyUndoTask: fc.Arbitrary<UndoTask> = fc.record({ ...heading, undo }, { requiredKeys: [...required, 'undo'] });

const slot = fc.record({ schedule: name, definition: digest, due_at: time });
const anySlotTask: fc.Arbitrary<SlotTask> = fc.record({ ...heading, slot }, { requiredKeys: [...required, 'slot'] });

/** Valid tasks of every form. */
export const anyTask: fc.Arbitrary<Task> = fc.oneof(anyActionsTask, anyUndoTask, anySlotTask);
