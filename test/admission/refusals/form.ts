import { work } from '../../support/draft.ts';
import { COMMAND_ACTION, FILE_ACTION, tokenOf } from '../../support/tasks.ts';
import { nested, put, putInput, type Refusal, undoOfOriginal, wrap } from './alter.ts';

/** What it is, and how it was delivered. */
export const FORM: readonly Refusal[] = [
  {
    name: 'it was delivered five times and killed the daemon',
    code: 'delivered-too-often',
    alter: (d) => Object.assign(d.delivery, { deliveries: 5 }),
  },
  {
    name: 'it is larger than 64 KiB',
    code: 'too-large',
    alter: (d) => putInput(d, { ...FILE_ACTION.with, content: 'x'.repeat(65_536) }),
  },
  { name: 'it is nested deeper than 20', code: 'too-large', alter: (d) => putInput(d, { deep: nested(20) }) },
  {
    name: 'it is nested 200,000 deep',
    code: 'too-large',
    alter: (d) => wrap(d, { task: nested(200_000), attestations: [] }),
  },
  {
    name: 'a token has 1 MB',
    code: 'too-large',
    alter: (d) => d.signatures.set('added', async () => 'x'.repeat(1_000_000)),
  },
  { name: 'a field is not known', code: 'malformed', alter: (d) => put(d, 'priority', 1) },
  {
    name: 'a field of an action is not known',
    code: 'malformed',
    alter: (d) => Object.assign(work(d).actions[0] ?? {}, { sudo: true }),
  },
  {
    name: 'a field of an input is not known',
    code: 'malformed',
    alter: (d) => putInput(d, { ...FILE_ACTION.with, follow: true }),
  },
  {
    name: 'a field of the submission is not known',
    code: 'malformed',
    alter: (d) => wrap(d, { task: d.task, attestations: [], plan: {} }),
  },
  { name: 'it has both actions and an undo', code: 'malformed', alter: (d) => put(d, 'undo', undoOfOriginal.undo) },
  { name: 'it never expires', code: 'malformed', alter: (d) => put(d, 'expires_at', undefined) },
  { name: 'its id is an integer', code: 'malformed', alter: (d) => put(d, 'task_id', '20261123') },
  { name: 'its time does not exist', code: 'malformed', alter: (d) => put(d, 'expires_at', '2026-11-31T09:00:00Z') },
  {
    name: 'it has a key __proto__',
    code: 'malformed',
    alter: (d) =>
      wrap(
        d,
        JSON.parse(JSON.stringify({ task: d.task, attestations: [] }).replace('"reason"', '"__proto__":{},"reason"')),
      ),
  },
  {
    name: 'it has a lone surrogate',
    code: 'malformed',
    alter: (d) => wrap(d, { task: { ...d.task, reason: '\ud800' }, attestations: [] }),
  },
  {
    name: 'its action is not known',
    code: 'malformed',
    alter: (d) => {
      work(d).actions = [{ action: 'infra.reboot', with: {} }];
    },
  },
  {
    name: 'its action is a name of every object',
    code: 'malformed',
    alter: (d) => {
      work(d).actions = [{ action: 'infra.constructor', with: {} }];
    },
  },
  {
    name: 'an action cannot be undone and nobody signed that',
    code: 'malformed',
    alter: (d) => {
      work(d).actions = [{ action: 'infra.command', with: { argv: ['/bin/true'] } }];
    },
  },
  {
    name: 'an action is signed as irreversible and is not',
    code: 'malformed',
    alter: (d) => {
      work(d).actions = [{ ...COMMAND_ACTION, irreversible: true }];
    },
  },
  {
    name: 'there are 17 tokens',
    code: 'malformed',
    alter: (d) => {
      for (let n = 4; n <= 17; n += 1) d.signatures.set(`${n}`, (task) => tokenOf(d.keys.manager, task));
    },
  },
  { name: 'a token is a number', code: 'malformed', alter: (d) => wrap(d, { task: d.task, attestations: [7] }) },
  { name: 'there is nothing', code: 'malformed', alter: (d) => wrap(d, null) },
  { name: 'it is an array', code: 'malformed', alter: (d) => wrap(d, [d.task]) },
  { name: 'it is a text', code: 'malformed', alter: (d) => wrap(d, 'rm -rf /') },
  { name: 'it has no attestations', code: 'malformed', alter: (d) => wrap(d, { task: d.task }) },
  {
    name: "the job's name is another operation type",
    code: 'outer-mismatch',
    alter: (d) => Object.assign(d.delivery, { name: 'deploy' }),
  },
  { name: "the job's name is none", code: 'outer-mismatch', alter: (d) => Object.assign(d.delivery, { name: null }) },
  {
    name: "the job's id is another task's",
    code: 'outer-mismatch',
    alter: (d) => Object.assign(d.delivery, { jobId: 'other-1' }),
  },
  {
    name: "the job's id says that another task is sent again",
    code: 'outer-mismatch',
    alter: (d) => Object.assign(d.delivery, { jobId: 'other-1~2' }),
  },
  {
    name: 'a scheduler made the job',
    code: 'outer-mismatch',
    alter: (d) => Object.assign(d.delivery, { scheduled: true }),
  },
];
