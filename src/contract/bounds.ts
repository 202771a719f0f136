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

/**
 * Says why `value` is no JSON value within `bounds`, or nothing when it is; too large before malformed.
 *
 * Without recursion, so that 200,000 nested arrays cannot overflow the stack, and it stops at the first excess, so
 * that 100 MB cost no more than 64 KiB. Refuses besides size and depth what two readers could understand
 * differently: a key `__proto__`, numbers beyond ±(2^53−1), lone surrogates, anything that JSON cannot write.
 */
export function outOfBounds(value: unknown, bounds: Bounds): BoundsProblem | undefined {
  const pending: Visit[] = [{ value, depth: 0, bytes: 0 }];
  let bytes = 0;
  let oddity: string | undefined;
  for (let visit = pending.pop(); visit; visit = pending.pop()) {
    bytes += visit.bytes + ownBytes(visit.value);
    oddity ??= visit.oddity ?? oddityOf(visit.value);
    if (typeof visit.value === 'object' && visit.value !== null) {
      if (visit.depth >= bounds.depth) return tooLarge(`a depth of at most ${bounds.depth}`);
      for (const child of children(visit.value, visit.depth + 1)) {
        // Each will cost a byte at the least: a million of them need not be looked at.
        if (bytes + pending.push(child) > bounds.bytes) return tooLarge(`at most ${bounds.bytes} bytes`);
      }
    }
    if (bytes > bounds.bytes) return tooLarge(`at most ${bounds.bytes} bytes`);
  }
  return oddity === undefined ? undefined : { kind: 'malformed', message: oddity };
}

interface Visit {
  value: unknown;
  depth: number;
  /** What stands before it in the JSON form: a comma, a key. */
  bytes: number;
  oddity?: string | undefined;
}

const tooLarge = (expected: string): BoundsProblem => ({ kind: 'too-large', message: `expected ${expected}` });

function oddityOf(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') return value.isWellFormed() ? undefined : 'expected well-formed Unicode';
  if (typeof value === 'number') return oddNumber(value);
  if (Array.isArray(value)) return undefined;
  if (typeof value !== 'object') return `expected JSON, got ${typeof value}`;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? undefined : 'expected a plain object';
}

function oddNumber(value: number): string | undefined {
  if (!Number.isFinite(value)) return 'expected a finite number';
  if (Object.is(value, -0)) return 'expected 0, got -0';
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) return 'expected a number within ±(2^53−1)';
  return undefined;
}

function ownBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  return typeof value === 'object' && value !== null ? 2 : String(value).length;
}

function* children(parent: object, depth: number): Generator<Visit> {
  let comma = 0;
  if (Array.isArray(parent)) {
    for (const value of parent) {
      yield { value, depth, bytes: comma };
      comma = 1;
    }
    return;
  }
  for (const key of Object.keys(parent)) {
    const value = (parent as Record<string, unknown>)[key];
    yield { value, depth, bytes: comma + Buffer.byteLength(key) + 3, oddity: oddKey(key) };
    comma = 1;
  }
}

function oddKey(key: string): string | undefined {
  if (key === '__proto__') return 'the key __proto__ is refused';
  return key.isWellFormed() ? undefined : 'expected well-formed Unicode in keys';
}
