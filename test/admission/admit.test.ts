import { afterAll, describe, expect, it } from 'vitest';
import { REASONS } from '../../src/admission/reasons.ts';
import { Report, signBody, verifyReport } from '../../src/contract/report.ts';
import { deliver, draftOf, known } from '../support/draft.ts';
import { actionsTask, COMMAND_ACTION, FILE_ACTION, PROBE_ACTION, ringOf, roleKeys } from '../support/tasks.ts';
import { REFUSALS } from './refusals/index.ts';

const keys = await roleKeys();
const seen = new Set<string>();

describe('a valid submission', () => {
  it('runs: so a refused one is refused for what was altered', async () => {
    const task = actionsTask({ actions: [FILE_ACTION, COMMAND_ACTION, PROBE_ACTION] });
    using run = await deliver(draftOf(keys, task));
    expect(run.end).toMatchObject({ kind: 'ran', opsOutput: { status: 'completed', blockers: [] } });
    expect(run.line.touched.filter((what) => what.endsWith('.apply'))).toEqual([
      'file.apply',
      'probe.apply',
      'command.apply',
      'probe.apply',
    ]);
    expect(run.line.ledger.task(task.task_id)?.task).toEqual(task);
    expect(run.line.reports().map(({ evidence }) => evidence.final)).toEqual([true]);
  });
});

describe('F34, T5, T15: refused, and nothing ran', () => {
  it.each(REFUSALS)('$code: $name', async ({ alter, task, code }) => {
    seen.add(code);
    const draft = draftOf(keys, task);
    alter(draft);
    using refused = await deliver(draft);
    const { line, end, before } = refused;
    expect(end.kind === 'refused' && end.opsOutput.blockers).toMatchObject([{ code, owner: REASONS[code] }]);
    expect(line.touched).toEqual([]);
    expect(line.ledger.held()).toEqual([]);
    expect(known(line.ledger)).toEqual(before);
  });

  it.each(REFUSALS)('reported once, as not final: $name', async ({ alter, task, code }) => {
    const draft = draftOf(keys, task);
    alter(draft);
    using refused = await deliver(draft);
    const reports = refused.line.reports();
    expect(reports).toHaveLength(1);
    const [report] = reports;
    expect(report?.evidence).toMatchObject({ final: false, reason: code, claimed_at: null, steps: [] });
    expect(report?.ops_output).toMatchObject({
      status: 'blocked',
      actions_taken: [],
      blockers: [{ code, owner: REASONS[code] }],
    });
    const signature = await signBody(keys.host, report?.evidence.report_id ?? '', report ?? {});
    await expect(verifyReport({ ...report, signature }, ringOf([keys.host]))).resolves.toBeDefined();
    expect(Report.parse({ ...report, signature }).ops_output.blockers[0]?.message).not.toBe('');
  });

  it('for every reason there is', () => {
    expect(new Set(REFUSALS.map(({ code }) => code))).toEqual(new Set(Object.keys(REASONS)));
  });
});

afterAll(() => expect([...seen].toSorted()).toEqual(Object.keys(REASONS).toSorted()));
