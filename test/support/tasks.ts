import { exportJWK, generateKeyPair } from 'jose';
import type { Delivery } from '../../src/admission/parse.ts';
import type { Policy } from '../../src/admission/policy.ts';
import { DECISION_OF } from '../../src/contract/attestation.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import { signToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import { type KeyRing, keyId, PublicJwk, RoleKey, ringEntry } from '../../src/contract/keyring.ts';
import { type Role, utcTime } from '../../src/contract/names.ts';
import type { ActionsTask, SlotTask, Task, UndoTask } from '../../src/contract/task.ts';

/** The moment at which everything happens. */
export const NOW = Date.parse('2026-11-23T10:00:00Z');
export const HOST = 'mini-1';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const seconds = (at: number): number => Math.floor(at / 1000);

export type Keys = Record<Role, RoleKey>;

export async function roleKey(role: Role, principal: string): Promise<RoleKey> {
  const { privateKey } = await generateKeyPair('Ed25519', { extractable: true });
  const { kty, crv, x, d } = await exportJWK(privateKey);
  const kid = await keyId(PublicJwk.parse({ kty, crv, x }));
  return RoleKey.parse({ kty, crv, x, d, kid, role, principal });
}

/** A key of each role, each of another principal. */
export async function roleKeys(): Promise<Keys> {
  return {
    manager: await roleKey('manager', 'savorgManager'),
    'plan-review': await roleKey('plan-review', 'savorgPlanReview'),
    security: await roleKey('security', 'savorgSecurity'),
    operator: await roleKey('operator', `operator@${HOST}`),
    host: await roleKey('host', HOST),
  };
}

export function ringOf(keys: readonly RoleKey[], revoked: readonly RoleKey[] = []): KeyRing {
  const revokedEntries = revoked.map((key) => ({ ...ringEntry(key), revoked_at: utcTime(NOW - HOUR) }));
  return { version: 1, keys: [...keys.map(ringEntry), ...revokedEntries] };
}

/** Every action of this version, everywhere on this host. */
export const OPEN_POLICY: Policy = {
  allow: [
    {
      actions: ['config.file', 'infra.command', 'infra.script', 'monitoring.probe'],
      environments: ['staging', 'production', 'host'],
      hosts: [HOST],
      paths: ['/'],
      binaries: ['/'],
      network: true,
    },
  ],
};

const heading = {
  task_id: 'motd-2026-11-23-01',
  operation_type: 'config',
  environment: 'production',
  host: HOST,
  reason: 'Announce the maintenance of Monday',
  expires_at: utcTime(NOW + HOUR),
} as const;

export const FILE_ACTION = {
  action: 'config.file',
  with: { path: '/etc/motd', content: 'Maintenance on Monday\n', mode: '0644' },
};

export const COMMAND_ACTION = {
  action: 'infra.command',
  with: { argv: ['/usr/bin/touch', '/tmp/seen'], undo: ['/bin/rm', '-f', '/tmp/seen'], timeout_ms: 60_000 },
  irreversible: false,
};

export const PROBE_ACTION = {
  action: 'monitoring.probe',
  with: { check: { type: 'tcp', service: 'web', host: '127.0.0.1', port: 80 } },
};

export function actionsTask(given: Partial<ActionsTask> = {}): ActionsTask {
  return { ...heading, plan_id: 'plan-881', actions: [FILE_ACTION], on_failure: 'undo', ...given };
}

export function undoTask(of: Task, given: Partial<UndoTask> = {}): UndoTask {
  return { ...heading, task_id: `undo-${of.task_id}`, undo: { task_id: of.task_id, digest: taskDigest(of) }, ...given };
}

export function slotTask(given: Partial<SlotTask> = {}): SlotTask {
  const slot = { schedule: 'backup', definition: taskDigest({}), due_at: utcTime(NOW) };
  return { ...heading, operation_type: 'cron', task_id: 'backup-1', slot, ...given };
}

export type Claims = Record<string, unknown>;

/** The claims with which `key`'s holder says what its role may say; `given` alters them, even into what is not valid. */
export function claimsOf(key: RoleKey, task: object & { task_id?: unknown }, given: Claims = {}): Claims {
  const { principal: iss, role } = key;
  const time = { iat: seconds(NOW - HOUR), exp: seconds(NOW + HOUR) };
  return { iss, role, decision: DECISION_OF[role], ...time, sub: task.task_id, digest: taskDigest(task), ...given };
}

/** The same for a plan that lists the task. */
export function planClaimsOf(key: RoleKey, task: Task, given: Claims = {}): Claims {
  const { digest, ...claims } = claimsOf(key, task);
  return { ...claims, sub: 'plan_id' in task ? task.plan_id : '', tasks: [taskDigest({}), digest], ...given };
}

export const sign = (key: RoleKey, claims: Claims): Promise<string> => signToken(key, TOKEN_TYPES.attestation, claims);

export const tokenOf = (key: RoleKey, task: object, given: Claims = {}): Promise<string> =>
  sign(key, claimsOf(key, task, given));

const SIGNERS = { actions: ['manager', 'plan-review', 'security'], undo: ['manager'], slot: ['host'] } as const;

/** The roles whose signatures a task needs. */
export function signersOf(task: object): readonly Role[] {
  if ('undo' in task) return SIGNERS.undo;
  return 'slot' in task ? SIGNERS.slot : SIGNERS.actions;
}

export function signaturesOf(task: object, keys: Keys, roles = signersOf(task)): Promise<string[]> {
  return Promise.all(roles.map((role) => tokenOf(keys[role], task)));
}

/** The job with which Manager would deliver it, as it comes out of Redis. */
export function deliveryOf(task: object, attestations: readonly unknown[], given: Partial<Delivery> = {}): Delivery {
  const { task_id, operation_type } = task as Task;
  const data: unknown = JSON.parse(JSON.stringify({ task, attestations }));
  return { queue: 'ops', jobId: task_id, name: operation_type, data, scheduled: false, deliveries: 0, ...given };
}
