import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { Policy } from '../../src/admission/policy.ts';
import { loadConfig } from '../../src/config.ts';
import { digestOf } from '../../src/contract/digest.ts';
import { Environment, OperationType, type Role } from '../../src/contract/names.ts';
import { readTree } from '../house/tree.ts';
import { temporaryFolder } from '../services/support.ts';
import { lineOf } from '../support/line.ts';
import { actionsTask, deliveryOf, HOST, OPEN_POLICY, ringOf, roleKeys, signaturesOf } from '../support/tasks.ts';

const keys = await roleKeys();
const ring = ringOf(Object.values(keys));
const tokens = await signaturesOf(actionsTask(), keys);
const NEEDED: readonly Role[] = ['manager', 'plan-review', 'security'];

const environments = fc.subarray([...Environment.options], { minLength: 1 });
const policies = fc.record(
  {
    allow: fc.array(
      fc.record({
        actions: fc.subarray(['config.file', 'infra.command', 'monitoring.probe'], { minLength: 1 }),
        environments,
        hosts: fc.subarray([HOST, 'mini-2'], { minLength: 1 }),
        paths: fc.constant(['/']),
        binaries: fc.constant(['/']),
      }),
      { maxLength: 3 },
    ),
    without_security: fc.array(
      fc.record({
        operation_type: fc.constantFrom(...OperationType.options),
        environment: fc.constantFrom(...Environment.options),
      }),
    ),
  },
  { requiredKeys: ['allow'] },
);
const opsFiles = fc.record(
  {
    host: fc.constant(HOST),
    sole_host: fc.boolean(),
    dev: fc.constant(true),
    concurrency: fc.integer({ min: 1, max: 64 }),
    queues: fc.record({ tasks: fc.constantFrom('ops', 'work'), prefix: fc.constantFrom('p', '{savorg}') }),
    dashboard: fc.constantFrom('off', { listen: '127.0.0.1:0' }),
    pass_environment: fc.array(fc.constantFrom('A', 'NODE_OPTIONS', 'OPS_SKIP')),
  },
  { requiredKeys: ['host'] },
);

/** A home of this configuration. */
function homeWith(file: object): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'etc'));
  writeFileSync(join(root, 'etc/ops.yaml'), stringify(file));
  return root;
}

describe('a task that not everybody has signed', () => {
  it('T35: runs under no policy and no configuration', async () => {
    const missing = fc.subarray([...NEEDED], { minLength: 1 });
    let held = 0;
    await fc.assert(
      fc.asyncProperty(policies, opsFiles, missing, async (policy, file, absent) => {
        const { host } = loadConfig(homeWith(file));
        using line = lineOf({ ring, policy: Policy.parse(policy), host });
        const signed = tokens.filter((_, index) => !absent.includes(NEEDED[index] as Role));
        const { kind } = await line.deliver(deliveryOf(actionsTask(), signed));
        held += kind === 'held' ? 1 : 0;
        expect([kind === 'ran', line.touched, line.ledger.openTasks()]).toEqual([false, [], []]);
      }),
      { numRuns: 150 },
    );
    expect(held).toBeGreaterThan(0);
  });

  it('T35: is run by no setting that this version does not know either', () => {
    const known = new Set(['host', 'sole_host', 'dev', 'concurrency', 'queues', 'dashboard', 'pass_environment']);
    const names = fc.oneof(
      fc.constantFrom('unsigned', 'mode', 'permissive', 'verify', 'warn', 'insecure', 'skip_admission', 'trust'),
      fc.stringMatching(/^[a-z_]{1,20}$/),
    );
    const values = fc.oneof(fc.boolean(), fc.constantFrom('warn', 'off', 'none'), fc.integer());
    fc.assert(
      fc.property(names, values, (name, value) => {
        fc.pre(!known.has(name));
        expect(() => loadConfig(homeWith({ host: HOST, [name]: value }))).toThrow('Unrecognized key');
        expect(Policy.safeParse({ ...OPEN_POLICY, [name]: value }).success).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('T35: is run by no mode of the code', () => {
    const mode =
      /permissive|warn[-_ ]?(?:only|mode)|(?:allow|accept|run)[-_ ]?unsigned|insecure|bypass|no[-_ ]?verify|skip[-_ ]?(?:verif|admi|check|sign)|debug[-_ ]?mode/gi;
    const said = readTree().sources.flatMap(({ path, code }) =>
      [...code.matchAll(mode)].map(([word]) => `${path}: ${word}`),
    );
    expect(said).toEqual([]);
  });
});

it('T34: a task for another host that came here is refused, and nothing ran', async () => {
  for (const sole of [true, false]) {
    using line = lineOf({ ring, host: { name: HOST, sole } });
    const task = actionsTask({ host: 'mini-2' });
    const end = await line.deliver(deliveryOf(task, await signaturesOf(task, keys)));
    expect(end).toMatchObject({ kind: 'refused', opsOutput: { blockers: [{ code: 'wrong-host' }] } });
    expect(line.touched).toEqual([]);
  }
});

it('T8: a revoked key is refused; a key ring that was rolled back is seen by its digest in every report', async () => {
  using line = lineOf({ ring });
  const revoked = ringOf([keys.manager, keys['plan-review']], [keys.security]);
  const rings = [ring, { ...revoked, version: 2 }, ring];
  for (const [index, current] of rings.entries()) {
    line.setting.ring = current;
    const task = actionsTask({ task_id: `under-ring-${index}` });
    await line.deliver(deliveryOf(task, await signaturesOf(task, keys)));
  }
  expect(line.reports().map(({ evidence }) => [evidence.reason, evidence.digests.keyring])).toEqual([
    [null, digestOf(ring)],
    ['revoked-key', digestOf(rings[1] as object)],
    [null, digestOf(ring)],
  ]);
});
