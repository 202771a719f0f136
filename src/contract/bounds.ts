/** What a task may measure; a walk checks it before any schema, parser or canonicaliser sees the value. */
export const TASK_BOUNDS = { bytes: 64 * 1024, depth: 20 };

export interface Bounds {
  /** Lower bound of the JSON form, in bytes. */
  bytes: number;
  /** Nested arrays and objects; a scalar is 0 deep. */
  depth: number;
}

export interface BoundsProblem {
  kind: 'too-large' | 'malformed';
  message: string;
}

type Visit = { value: unknown; depth: number };

/**
 * Says why `value` is no JSON value within `bounds`, or nothing when it is.
 *
 * Without recursion, so that 200,000 nested arrays cannot overflow the stack, and it stops at the first excess, so
 * that 100 MB cost no more than 64 KiB. Refuses besides size and depth what two readers could understand
 * differently: a key `__proto__`, numbers beyond ±(2^53−1), lone surrogates, anything that JSON cannot write.
 */
export function outOfBounds(value: unknown, bounds: Bounds): BoundsProblem | undefined {
  const pending: Visit[] = [{ value, depth: 0 }];
  let bytes = 0;
  for (let visit = pending.pop(); visit; visit = pending.pop()) {
    const problem = scalarProblem(visit.value);
    if (problem) return { kind: 'malformed', message: problem };
    bytes += ownBytes(visit.value);
    if (bytes > bounds.bytes) return { kind: 'too-large', message: `expected at most ${bounds.bytes} bytes` };
    if (typeof visit.value !== 'object' || visit.value === null) continue;
    if (visit.depth >= bounds.depth)
      return { kind: 'too-large', message: `expected a depth of at most ${bounds.depth}` };
    for (const child of children(visit.value)) {
      bytes += child.keyBytes;
      if (child.problem) return { kind: 'malformed', message: child.problem };
      if (bytes > bounds.bytes) return { kind: 'too-large', message: `expected at most ${bounds.bytes} bytes` };
      pending.push({ value: child.value, depth: visit.depth + 1 });
    }
  }
  return undefined;
}

function scalarProblem(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'expected well-formed Unicode';
  if (typeof value === 'number') return numberProblem(value);
  if (Array.isArray(value)) return undefined;
  if (typeof value !== 'object') return `expected JSON, got ${typeof value}`;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? undefined : 'expected a plain object';
}

function numberProblem(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'expected a finite number';
  if (Object.is(value, -0)) return 'expected 0, got -0';
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'expected a number within ±(2^53−1)';
  return undefined;
}

function ownBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  return typeof value === 'object' && value !== null ? 2 : String(value).length;
}

function* children(value: object): Generator<{ value: unknown; keyBytes: number; problem?: string }> {
  if (Array.isArray(value)) {
    for (const item of value) yield { value: item, keyBytes: 1 };
    return;
  }
  for (const key of Object.keys(value)) {
    const keyBytes = Buffer.byteLength(key) + 4;
    if (key === '__proto__') yield { value: null, keyBytes, problem: 'the key __proto__ is refused' };
    else if (!key.isWellFormed()) yield { value: null, keyBytes, problem: 'expected well-formed Unicode in keys' };
    else yield { value: (value as Record<string, unknown>)[key], keyBytes };
  }
}
