import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * `sha256:` and the lower-case hex of SHA-256 over the RFC 8785 form of a JSON value.
 * @throws on what JSON cannot write (functions, NaN, lone surrogates).
 */
export function digestOf(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('expected a JSON value to digest');
  return `sha256:${hash('sha256', text)}`;
}

/** What attestations sign: the digest of a task as delivered, before any schema. */
export function taskDigest(task: object): string {
  return digestOf(task);
}
