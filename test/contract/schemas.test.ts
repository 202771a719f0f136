import { Ajv2020 } from 'ajv/dist/2020.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  AlertMessage,
  Attestation,
  Control,
  ControlEntry,
  Report,
  Submission,
  Task,
} from '../../src/contract/index.ts';
import { anyTask } from '../support/arbitrary.ts';
import { signedReport } from '../support/report.ts';
import { actionsTask, claimsOf, NOW, planClaimsOf, roleKeys, seconds, slotTask, undoTask } from '../support/tasks.ts';

const keys = await roleKeys();
const report = await signedReport(keys.host);
const task = actionsTask();
const veto = {
  iss: 'savorgSecurity',
  role: 'security',
  verb: 'veto',
  target: 'host:*',
  reason: 'x',
  iat: seconds(NOW),
  jti: 'j',
};
const { seq, host, version, audit } = report.evidence;
const alert = {
  alert: {
    alert_id: 'a-1',
    state: 'raised',
    severity: 'info',
    code: 'x',
    subject: 'host:mini-1',
    message: 'x',
    raised_at: task.expires_at,
    changes: [],
  },
  evidence: { seq, host, version, audit },
  signature: 'a.b.c',
};

function validatorOf(schema: z.ZodType) {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  return ajv.compile(z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' }));
}

const TABLE: [string, z.ZodType, object[]][] = [
  ['a task', Task, [task, undoTask(task), slotTask()]],
  ['a submission', Submission, [{ task, attestations: ['a.b.c'] }]],
  ['a report', Report, [report]],
  ['an attestation', Attestation, [claimsOf(keys.manager, task), planClaimsOf(keys.manager, task)]],
  ['a control statement', Control, [veto]],
  ['a control entry', ControlEntry, [{ token: 'a.b.c' }]],
  ['an alert', AlertMessage, [alert]],
];

describe.each(TABLE)('the JSON Schema of %s', (_, schema, valid) => {
  const validate = validatorOf(schema);

  it.each(valid)('accepts what the contract accepts: %#', (value) => {
    expect(schema.safeParse(value).error).toBeUndefined();
    expect(validate(value) || validate.errors).toBe(true);
  });

  it.each(valid)('refuses what the contract refuses: %#', (value) => {
    const wrong: unknown[] = [
      { ...value, more: 1 },
      [],
      null,
      'x',
      ...Object.keys(value).map((key) => ({ ...value, [key]: 7.5 })),
    ];
    for (const key of Object.keys(value))
      wrong.push(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)));
    for (const other of wrong) {
      expect(schema.safeParse(other).success && other).toBe(false);
      expect(validate(other) && other).toBe(false);
    }
  });
});

describe('the JSON Schema of a task', () => {
  it('accepts every task', () => {
    const validate = validatorOf(Task);
    fc.assert(
      fc.property(anyTask, (any) => {
        expect(validate(any) || validate.errors).toBe(true);
      }),
    );
  });
});
