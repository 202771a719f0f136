import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MISSING, REASONS } from '../../src/admission/reasons.ts';
import type { End } from '../../src/services/executor.ts';
import { deliver, draftOf } from '../support/draft.ts';
import { roleKeys } from '../support/tasks.ts';
import { type Code, FAULTS, type Fault, formOf } from './faults.ts';

const keys = await roleKeys();

/** The code that the host gives to a submission with these faults, made in this order. */
async function codeFor(faults: readonly Fault[]): Promise<string | undefined> {
  const draft = draftOf(keys, formOf(faults));
  for (const fault of faults) fault.alter(draft);
  using delivered = await deliver(draft);
  expect(delivered.line.touched).toEqual([]);
  return codeOf(delivered.end);
}

function codeOf(end: End): string | undefined {
  if (end.kind === 'refused') return end.opsOutput.blockers[0]?.code;
  return end.kind === 'held' ? end.missing[0] : end.kind;
}

const rank = ({ code }: Fault) => FAULTS.findIndex((fault) => fault.code === code);
const first = (faults: readonly Fault[]): Code | undefined => faults.toSorted((a, b) => rank(a) - rank(b))[0]?.code;

describe('the order of admission', () => {
  it('is that of the reasons, with what a task is held for before policy', () => {
    const codes = FAULTS.map(({ code }) => code);
    expect(codes.filter((code) => !(code in MISSING))).toEqual(Object.keys(REASONS));
    expect(codes.slice(-7)).toEqual([
      'literal-secret',
      'not-approved',
      'not-cleared',
      'paused',
      'not-allowed',
      'not-undoable',
      'no-definition',
    ]);
  });

  it.each(FAULTS)('gives $code for one fault', async (fault) => {
    expect(await codeFor([fault])).toBe(fault.code);
  });

  it.each(FAULTS)('gives the earlier one of two: $code', async (fault) => {
    for (const other of FAULTS.filter((another) => another !== fault && formOf([another, fault]))) {
      expect(await codeFor([other, fault]), `with ${other.code}`).toBe(first([other, fault]));
    }
  });

  it('gives the first of many, whichever was made first', async () => {
    const many = fc.shuffledSubarray([...FAULTS], { minLength: 3 }).filter((faults) => formOf(faults) !== undefined);
    await fc.assert(
      fc.asyncProperty(many, async (faults) => {
        expect(await codeFor(faults)).toBe(first(faults));
      }),
      { numRuns: 200 },
    );
  });

  it.each([70_000, 700_000])('gives too-large before malformed, in whatever order the keys come: %i', async (size) => {
    const large = 'x'.repeat(size);
    const codes = await Promise.all(
      [`{"reason":"${large}","n":1e300}`, `{"n":1e300,"reason":"${large}"}`].map(async (text) => {
        const draft = draftOf(keys);
        draft.delivery.data = JSON.parse(`{"task":${text},"attestations":[]}`);
        using delivered = await deliver(draft);
        return codeOf(delivered.end);
      }),
    );
    expect(codes).toEqual(['too-large', 'too-large']);
  });
});
