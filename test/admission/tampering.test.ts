import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { verifierBy } from '../../src/adapters/verify.ts';
import { admit } from '../../src/admission/admit.ts';
import type { Candidate } from '../../src/admission/facts.ts';
import { taskDigest } from '../../src/contract/digest.ts';
import type { ActionsTask } from '../../src/contract/task.ts';
import type { Clock } from '../../src/services/ports.ts';
import { alterationsOf, type Json, leavesOf, replaced } from '../support/alterations.ts';
import { lineOf } from '../support/line.ts';
import {
  actionsTask,
  COMMAND_ACTION,
  DAY,
  deliveryOf,
  FILE_ACTION,
  HOST,
  NOW,
  OPEN_POLICY,
  planClaimsOf,
  ringOf,
  roleKeys,
  sign,
  signaturesOf,
  tokenOf,
} from '../support/tasks.ts';

const keys = await roleKeys();
const ring = ringOf(Object.values(keys));
const task = actionsTask({
  actions: [FILE_ACTION, COMMAND_ACTION],
  on_interrupt: 'stop',
  not_before: '2026-11-23T09:00:00Z',
});
const tokens = await signaturesOf(task, keys);

/** How deliveries of these tasks with the signatures of the original end; with outer names that fit each. */
async function endsOf(tasks: readonly Json[]): Promise<string[]> {
  using line = lineOf({ ring });
  const ends: string[] = [];
  for (const altered of tasks) {
    const outer = { jobId: task.task_id, name: task.operation_type };
    const own = typeof altered === 'object' && altered !== null ? altered : {};
    const delivery = deliveryOf(altered as object, tokens, { ...outer, ...namesOf(own) });
    ends.push((await line.deliver(delivery)).kind);
  }
  expect(line.touched.length > 0).toBe(ends.includes('ran'));
  return ends;
}

function namesOf(altered: object): { jobId?: string; name?: string } {
  const { task_id, operation_type } = altered as Record<string, unknown>;
  return {
    ...(typeof task_id === 'string' && { jobId: task_id }),
    ...(typeof operation_type === 'string' && { name: operation_type }),
  };
}

describe('a signed task', () => {
  it('runs as it was signed, in any order of its keys', async () => {
    const reversed = Object.fromEntries(Object.entries(task).toReversed()) as Json;
    expect(await endsOf([reversed])).toEqual(['ran']);
  });

  it('T2: never runs with any leaf, key or element of it altered', async () => {
    const altered = alterationsOf(task as Json);
    expect(altered.length).toBeGreaterThan(150);
    const ends = await endsOf(altered.map(({ value }) => value));
    expect(altered.filter((_, index) => ends[index] !== 'refused').map(({ what }) => what)).toEqual([]);
  });

  it('T2: never runs with anything else in the place of a leaf', async () => {
    const leaves = leavesOf(task as Json);
    const change = fc.tuple(fc.constantFrom(...leaves), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(change, async ([{ path, value }, other]) => {
        fc.pre(JSON.stringify(other) !== JSON.stringify(value));
        expect(await endsOf([replaced(task as Json, path, other as Json)])).toEqual(['refused']);
      }),
      { numRuns: 150 },
    );
  });
});

function approving(of: ActionsTask, plan: boolean): Promise<string> {
  const key = keys['plan-review'];
  return plan ? sign(key, planClaimsOf(key, of)) : tokenOf(key, of);
}

const approvedBy = async (of: ActionsTask, token: string) =>
  deliveryOf(of, [await tokenOf(keys.manager, of), token, await tokenOf(keys.security, of)]);

describe('two valid tasks', () => {
  const other = actionsTask({ task_id: 'other-1', plan_id: 'plan-882', actions: [COMMAND_ACTION] });

  it.each([
    ['each of its task', false],
    ['each of its plan', true],
  ])('T4: do not run with their approvals exchanged, %s', async (_, plan) => {
    using line = lineOf({ ring });
    const [own, foreign] = [await approving(task, plan), await approving(other, plan)];
    const swapped = [await approvedBy(task, foreign), await approvedBy(other, own)];
    for (const delivery of swapped) {
      const end = await line.deliver(delivery);
      expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'wrong-digest' }] } });
    }
    expect(line.touched).toEqual([]);
    for (const delivery of [await approvedBy(task, own), await approvedBy(other, foreign)])
      expect((await line.deliver(delivery)).kind).toBe('ran');
  });
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** `token` with each one of its characters changed, to several others, left out, and doubled. */
function alteredTokens(token: string): string[] {
  return token.split('').flatMap((character, at) => {
    const bits = [1, 2, 4, 8, 16, 32].map((bit) => ALPHABET[ALPHABET.indexOf(character) ^ bit] ?? 'A');
    const others = [...bits, 'A', '_', '.', '=', '+', '/', '\n', '\0', 'é', '', character + character];
    return others
      .filter((other) => other !== character)
      .map((other) => token.slice(0, at) + other + token.slice(at + 1));
  });
}

describe('T2: each token of a signed task', () => {
  const clock: Clock = { now: () => NOW, monotonic: () => 0, wait: async () => undefined };
  const verifier = verifierBy(() => ring, clock);
  const candidate: Candidate = {
    task,
    digest: taskDigest(task),
    actions: [{ name: 'config.file', changes: true, needs: [] }],
    targets: [],
  };
  const ledger = {
    bornAt: NOW - DAY,
    highWaterAt: NOW,
    claimedDigest: null,
    withdrawals: [],
    pauses: [],
    original: null,
  };

  const believed = new Map(tokens.map((token) => [token, verifier.attestation(token)]));
  const factOf = (token: string) => believed.get(token) ?? verifier.attestation(token);

  const kindOf = async (delivered: readonly string[]) => {
    const facts = await Promise.all(delivered.map(factOf));
    const host = { name: HOST, sole: true };
    return admit(
      candidate,
      { host, policy: OPEN_POLICY, tokens: facts, slotProblem: null, knownSecretAt: null, ledger },
      NOW,
    ).kind;
  };

  it('is believed as it is', async () => expect(await kindOf(tokens)).toBe('admitted'));

  it.each([0, 1, 2])('is refused with any one character altered: token %i', async (index) => {
    const altered = alteredTokens(tokens[index] ?? '');
    expect(altered.length).toBeGreaterThan(4000);
    const kinds = await Promise.all(altered.map((token) => kindOf(tokens.with(index, token))));
    expect(altered.filter((_, at) => kinds[at] !== 'refused')).toEqual([]);
  });

  it.each(['', ' ', '\n', '=', '.', '.e30', '\0'])('is refused with %j before or behind it', async (more) => {
    const [first = '', ...rest] = tokens;
    const altered = more === '' ? [first.slice(1), first.slice(0, -1)] : [first + more, more + first];
    for (const token of altered) expect(await kindOf([token, ...rest])).toBe('refused');
  });

  it('is refused with the parts of two tokens mixed', async () => {
    const parts = tokens.map((token) => token.split('.'));
    const mixed = [0, 1, 2].flatMap((part) => {
      const [own = [], other = []] = parts;
      return [own.with(part, other[part] ?? '').join('.')];
    });
    for (const token of mixed) expect(await kindOf([token, ...tokens.slice(1)])).toBe('refused');
  });
});
