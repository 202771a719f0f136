import { describe, expect, it } from 'vitest';
import { signToken, TOKEN_TYPES } from '../../src/contract/jws.ts';
import type { RoleKey } from '../../src/contract/keyring.ts';
import { Report, verifyReport } from '../../src/contract/report.ts';
import { alterationsOf, type Json } from '../support/alterations.ts';
import { REPORT_BODY, signedReport } from '../support/report.ts';
import { ringOf, roleKey, roleKeys } from '../support/tasks.ts';

const keys = await roleKeys();
const ring = ringOf(Object.values(keys));
const report = await signedReport(keys.host);

const isBelieved = (value: unknown, by = ring): Promise<boolean> =>
  verifyReport(value, by).then(
    () => true,
    () => false,
  );

describe('T16: a signed report', () => {
  it('is believed and given back as it is', async () => {
    expect(await verifyReport(report, ring)).toEqual(report);
    expect(await verifyReport(JSON.parse(JSON.stringify(report)), ring)).toEqual(report);
  });

  it('is not believed with any leaf, key or element of it altered', async () => {
    const { signature, ...body } = report;
    const altered = alterationsOf(body as unknown as Json);
    expect(altered.length).toBeGreaterThan(400);
    const believed = await Promise.all(altered.map(({ value }) => isBelieved({ ...(value as object), signature })));
    expect(altered.filter((_, index) => believed[index]).map(({ what }) => what)).toEqual([]);
  });

  it('is not believed with any character of its signature altered', async () => {
    const { signature } = report;
    const altered = Array.from({ length: signature.length }, (_, at) =>
      ['A', 'B', '_', '=', '.', ''].map((other) => signature.slice(0, at) + other + signature.slice(at + 1)),
    ).flat();
    const changed = [...altered, `${signature}=`, ` ${signature}`, ''].filter((text) => text !== signature);
    const believed = await Promise.all(changed.map((text) => isBelieved({ ...report, signature: text })));
    expect(changed.filter((_, index) => believed[index])).toEqual([]);
  });

  it.each(['manager', 'plan-review', 'security', 'operator'] as const)(
    'is not believed by the key of %s',
    async (role) => {
      await expect(verifyReport(await signedReport(keys[role]), ring)).rejects.toThrow(
        'expected the signature of a host key in force',
      );
    },
  );

  it('is not believed by a revoked key, nor by one that is not in the ring', async () => {
    await expect(verifyReport(report, ringOf([], [keys.host]))).rejects.toThrow('in force');
    await expect(verifyReport(report, ringOf([keys.manager]))).rejects.toThrow('not in the key ring');
    const stranger: RoleKey = { ...(await roleKey('host', 'mini-1')), kid: keys.host.kid };
    await expect(verifyReport(await signedReport(stranger), ring)).rejects.toThrow('does not fit');
  });

  it('is not believed by the signature of another report', async () => {
    const evidence = { ...REPORT_BODY.evidence, report_id: '01JDCB5S8Y4J9QW0K6V1H2X3Z5' };
    const other = await signedReport(keys.host, { ...REPORT_BODY, evidence });
    await expect(verifyReport({ ...report, signature: other.signature }, ring)).rejects.toThrow('does not fit');
    await expect(verifyReport({ ...other, signature: report.signature }, ring)).rejects.toThrow('does not fit');
  });

  it('is not believed by a token of another kind with the same claims', async () => {
    const claims = JSON.parse(Buffer.from(report.signature.split('.')[1] ?? '', 'base64url').toString());
    for (const typ of [TOKEN_TYPES.attestation, TOKEN_TYPES.control]) {
      expect(await isBelieved({ ...report, signature: await signToken(keys.host, typ, claims) })).toBe(false);
    }
    expect(await isBelieved({ ...report, signature: await signToken(keys.host, TOKEN_TYPES.report, claims) })).toBe(
      true,
    );
    const more = await signToken(keys.host, TOKEN_TYPES.report, { ...claims, more: 1 });
    expect(await isBelieved({ ...report, signature: more })).toBe(false);
  });

  it.each([null, undefined, 'x', [], {}, { ...report, signature: undefined }, { ...report, more: 1 }])(
    'is none of a wrong form: %#',
    async (value) => {
      expect(await isBelieved(value)).toBe(false);
    },
  );
});

describe('the form of a report', () => {
  it('has the keys of ops_output in the order of the contract', () => {
    expect(Object.keys(Report.shape.ops_output.shape)).toEqual([
      'task_id',
      'status',
      'operation_type',
      'actions_taken',
      'health_checks',
      'monitoring_setup',
      'environment_changes',
      'blockers',
      'notes',
    ]);
  });

  it.each([
    ['another status', { ops_output: { ...REPORT_BODY.ops_output, status: 'done' } }],
    [
      'another result',
      {
        ops_output: {
          ...REPORT_BODY.ops_output,
          actions_taken: [{ ...REPORT_BODY.ops_output.actions_taken[0], result: 'ok' }],
        },
      },
    ],
    [
      'an owner outside the team',
      { ops_output: { ...REPORT_BODY.ops_output, blockers: [{ code: 'x', message: 'x', owner: 'nobody' }] } },
    ],
    [
      'a value of a variable',
      {
        ops_output: {
          ...REPORT_BODY.ops_output,
          environment_changes: [{ variable: 'A', action: 'added', service: 'x', value: 'y' }],
        },
      },
    ],
    ['a seq of 0', { evidence: { ...REPORT_BODY.evidence, seq: 0 } }],
    ['dev: false', { evidence: { ...REPORT_BODY.evidence, dev: false } }],
    ['an id that is no ULID', { evidence: { ...REPORT_BODY.evidence, report_id: 'x' } }],
    ['another outcome', { evidence: { ...REPORT_BODY.evidence, outcome: 'ok' } }],
  ])('has not %s', (_, part) => {
    expect(Report.safeParse({ ...report, ...part }).success).toBe(false);
  });
});
