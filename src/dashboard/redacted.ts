import type { Redactor } from '../secret.ts';

/** A copy of JSON data in which no string and no name holds a secret. */
export function redacted(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, redactor));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [redactor.redact(name), redacted(item, redactor)]),
  );
}
