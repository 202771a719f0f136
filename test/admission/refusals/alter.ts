import type { Reason } from '../../../src/admission/reasons.ts';
import type { RoleKey } from '../../../src/contract/keyring.ts';
import type { Task } from '../../../src/contract/task.ts';
import { type Draft, work } from '../../support/draft.ts';
import { actionsTask, type Claims, roleKey, tokenOf, undoTask } from '../../support/tasks.ts';

export interface Refusal {
  name: string;
  code: Reason;
  /** Another task than the usual one. */
  task?: Task;
  alter: (draft: Draft) => void;
}

export const stranger = await roleKey('manager', 'savorgManager');
export const retired = await roleKey('manager', 'savorgManager');
export const both = await Promise.all([
  roleKey('plan-review', 'savorgBoth'),
  roleKey('security', 'savorgBoth'),
] as const);

export const original = actionsTask({ task_id: 'original-1' });
export const undoOfOriginal = undoTask(original);

export const put = (draft: Draft, field: string, value: unknown) => Object.assign(draft.task, { [field]: value });
export const putInput = (draft: Draft, input: Record<string, unknown>) => {
  work(draft).actions = [{ action: 'config.file', with: input }];
};
export const add = (draft: Draft, key: RoleKey, claims: Claims = {}) =>
  draft.signatures.set('added', (task) => tokenOf(key, task, claims));
export const replace = (draft: Draft, role: keyof Draft['keys'], claims: Claims) =>
  draft.signatures.set(role, (task) => tokenOf(draft.keys[role], task, claims));
/** Alters what the queue hands over, after it was signed. */
export const wrap = (draft: Draft, data: unknown) => Object.assign(draft.delivery, { data });

export function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

/** The last character of an Ed25519 signature carries 2 spare bits: this token has other ones. */
export function withSpareBits(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.at(-1) ?? '') ^ 1];
}

export function withHeader(token: string, header: object): string {
  const [, ...rest] = token.split('.');
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...rest].join('.');
}

export const altered = (draft: Draft, alter: (token: string, draft: Draft) => string | Promise<string>) =>
  draft.signatures.set('manager', async (task) => alter(await tokenOf(draft.keys.manager, task), draft));
