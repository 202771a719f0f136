import type { Delivery } from '../../src/admission/parse.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import type { RoleKey } from '../../src/contract/keyring.ts';
import type { Role } from '../../src/contract/names.ts';
import type { ActionsTask, Task } from '../../src/contract/task.ts';
import type { End } from '../../src/services/executor.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { lineOf, type Setting, type TestLine } from './line.ts';
import { actionsTask, deliveryOf, HOUR, type Keys, NOW, ringOf, signersOf, tokenOf } from './tasks.ts';

type Signature = (task: Task) => Promise<string>;

/** A submission in the making: valid as it begins, altered by whoever wants to see it refused. */
export interface Draft {
  task: Task;
  /** By name: those of the roles that must sign, and whatever is added. Made when all else is settled. */
  signatures: Map<string, Signature>;
  delivery: Partial<Delivery>;
  /** Who is in the key ring, and who was revoked. */
  ring: RoleKey[];
  revoked: RoleKey[];
  setting: Partial<Setting>;
  /** What has happened on this host before. */
  history: ((ledger: Ledger, task: Task) => void)[];
  keys: Keys;
}

export function draftOf(keys: Keys, task: Task = actionsTask()): Draft {
  const signature = (role: Role) => [role, (final: Task) => tokenOf(keys[role], final)] as const;
  return {
    task: structuredClone(task),
    signatures: new Map(signersOf(task).map(signature)),
    delivery: {},
    ring: Object.values(keys),
    revoked: [],
    setting: {},
    history: [],
    keys,
  };
}

/** The draft's actions task, to alter. */
export function work(draft: Draft): ActionsTask {
  if ('actions' in draft.task) return draft.task;
  throw new TypeError('expected a draft with actions');
}

export interface Delivered extends Disposable {
  line: TestLine;
  delivery: Delivery;
  end: End;
  /** What the ledger knew of tasks and steps before. */
  before: ReturnType<typeof known>;
}

/** The tasks that were claimed here, with their steps. */
export function known(ledger: Ledger) {
  return ledger.recentTasks(10).map((record) => ({ record, steps: ledger.steps(record.task.task_id) }));
}

/** Signs the draft, and delivers it to a host of its setting. */
export async function deliver(draft: Draft): Promise<Delivered> {
  const { task, signatures, delivery: altered, ring, revoked, setting, history } = draft;
  const tokens = await Promise.all([...signatures.values()].map((make) => make(task)));
  const line = lineOf({ ring: ringOf(ring, revoked), ...setting });
  for (const happen of history) await line.ledger.commit(() => happen(line.ledger, task));
  const before = known(line.ledger);
  const delivery = deliveryOf(task, tokens, altered);
  const end = await line.deliver(delivery);
  return { line, delivery, end, before, [Symbol.dispose]: () => line[Symbol.dispose]() };
}

/** That `task` was claimed here. */
export function claimed(task: Task, digest = taskDigest(task)): (ledger: Ledger) => void {
  return (ledger) => ledger.claim({ task, digest, tokens: [], attestedBy: [], claimedAt: NOW - HOUR });
}
