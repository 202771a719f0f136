import type { Missing, Reason } from '../../src/admission/reasons.ts';
import { utcTime } from '../../src/contract/names.ts';
import type { Task } from '../../src/contract/task.ts';
import { claimed, type Draft } from '../support/draft.ts';
import {
  actionsTask,
  COMMAND_ACTION,
  HOST,
  HOUR,
  NOW,
  roleKey,
  seconds,
  slotTask,
  tokenOf,
  undoTask,
} from '../support/tasks.ts';
import { stated } from './history.ts';

export type Code = Reason | Missing;

/** Something wrong with a submission that leaves everything else of it as it is, so that several can be wrong at once. */
export interface Fault {
  code: Code;
  /** The forms of task that can be wrong in this way; all where absent. */
  of?: keyof typeof FORMS;
  /** Faults that both set the same thing cannot be had together. */
  sets?: 'host';
  alter: (draft: Draft) => void;
}

/** A valid task of each form; what the undo takes back never ran, and no definition stands. */
const FORMS = {
  actions: actionsTask(),
  undo: undoTask(actionsTask({ task_id: 'original-1' })),
  slot: slotTask(),
};

const stranger = await roleKey('security', 'savorgSecurity');
const retired = await roleKey('security', 'savorgSecurity');
const both = [await roleKey('plan-review', 'savorgBoth'), await roleKey('security', 'savorgBoth')];

const put = (field: string, value: unknown) => (draft: Draft) => void Object.assign(draft.task, { [field]: value });
const putJob = (job: Partial<Draft['delivery']>) => (draft: Draft) => void Object.assign(draft.delivery, job);
const happened = (event: Draft['history'][number]) => (draft: Draft) => void draft.history.push(event);
const drop = (role: string) => (draft: Draft) => void draft.signatures.delete(role);

const REQUESTERS = ['manager', 'host'];

/** One for every code, in the order of the design (section 4). */
export const FAULTS: readonly Fault[] = [
  { code: 'delivered-too-often', alter: putJob({ deliveries: 5 }) },
  { code: 'too-large', alter: put('reason', 'x'.repeat(70_000)) },
  { code: 'malformed', alter: put('priority', 1) },
  { code: 'outer-mismatch', alter: putJob({ name: 'deploy' }) },
  { code: 'bad-token', alter: ({ signatures }) => void signatures.set('bad', async () => 'yes') },
  {
    code: 'unknown-key',
    alter: ({ signatures }) => void signatures.set('stranger', (task) => tokenOf(stranger, task)),
  },
  {
    code: 'revoked-key',
    alter: ({ signatures, revoked }) => {
      revoked.push(retired);
      signatures.set('retired', (task) => tokenOf(retired, task));
    },
  },
  {
    code: 'wrong-role',
    alter: ({ signatures, keys }) =>
      void signatures.set('wrong', (task) => tokenOf(keys.security, task, { role: 'manager', decision: 'requested' })),
  },
  {
    code: 'wrong-digest',
    alter: ({ signatures, keys }) =>
      void signatures.set('other', (task) => tokenOf(keys.security, { ...task, reason: 'Something else' })),
  },
  {
    code: 'token-expired',
    alter: ({ signatures, keys }) =>
      void signatures.set('late', (task) => tokenOf(keys.security, task, { exp: seconds(NOW) })),
  },
  { code: 'not-requested', alter: ({ signatures }) => REQUESTERS.forEach((role) => signatures.delete(role)) },
  {
    code: 'self-attested',
    alter: ({ signatures, ring }) => {
      ring.push(...both);
      for (const key of both) signatures.set(`${key.role} of both`, (task) => tokenOf(key, task));
    },
  },
  { code: 'clock', alter: happened(wasSeenAt(NOW + HOUR)) },
  { code: 'too-early', alter: put('not_before', utcTime(NOW + HOUR)) },
  { code: 'expired', alter: put('expires_at', utcTime(NOW - HOUR)) },
  { code: 'wrong-host', sets: 'host', alter: put('host', 'mini-2') },
  {
    code: 'host-required',
    sets: 'host',
    alter: (draft) => {
      put('host', 'any')(draft);
      draft.setting.host = { name: HOST, sole: false };
    },
  },
  { code: 'id-reused', alter: happened((ledger, task) => claimed(task, `sha256:${'0'.repeat(64)}`)(ledger)) },
  { code: 'vetoed', alter: happened((ledger, { task_id }) => stated('veto', `task:${task_id}`)(ledger)) },
  { code: 'cancelled', alter: happened((ledger, { task_id }) => stated('cancel', `task:${task_id}`)(ledger)) },
  {
    code: 'literal-secret',
    of: 'actions',
    alter: put('actions', [
      { ...COMMAND_ACTION, with: { ...COMMAND_ACTION.with, env: { DB_PASSWORD: 'correct-horse' } } },
    ]),
  },
  { code: 'not-approved', of: 'actions', alter: drop('plan-review') },
  { code: 'not-cleared', of: 'actions', alter: drop('security') },
  { code: 'paused', alter: happened((ledger, { task_id }) => stated('pause', `task:${task_id}`)(ledger)) },
  {
    code: 'not-allowed',
    of: 'actions',
    alter: ({ setting }) => {
      setting.policy = { allow: [] };
    },
  },
  { code: 'not-undoable', of: 'undo', alter: () => undefined },
  { code: 'no-definition', of: 'slot', alter: () => undefined },
];

/** The form of task that can have all of these faults at once, if there is one. */
export function formOf(faults: readonly Fault[]): Task | undefined {
  if (faults.filter(({ sets }) => sets === 'host').length > 1) return undefined;
  const forms = [...new Set(faults.flatMap(({ of }) => of ?? []))];
  return forms.length > 1 ? undefined : FORMS[forms[0] ?? 'actions'];
}

function wasSeenAt(at: number): Draft['history'][number] {
  return (ledger) => ledger.sawTime(at);
}
