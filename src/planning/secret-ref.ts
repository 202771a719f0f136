import { z } from 'zod';

const PREFIX = 'secret:';

/**
 * Names a secret by where it is kept, e.g. `secret:file/db-password`; the value is fetched on the host, at the last
 * moment. After the source: names of letters, digits and `._@-`, parted by slashes.
 */
const SecretRef = z
  .string()
  .max(300)
  .regex(
    /^secret:(?:file|env|keychain|op|age)(?:\/[A-Za-z0-9_@][A-Za-z0-9._@-]*)+$/,
    'expected secret:<file|env|keychain|op|age>/<name>',
  );

/** Whether it is meant as a reference: nothing else may begin like one. */
export const isSecretRef = (text: string): boolean => text.startsWith(PREFIX);

/** The references among these, each once. */
export const secretsIn = (values: readonly string[]): string[] => [...new Set(values.filter(isSecretRef))];

/** Plain text, or a reference in its one form. */
export const isTextOrRef = (text: string): boolean => !isSecretRef(text) || SecretRef.safeParse(text).success;
export const NOT_A_REF = 'begins like a secret, but is not secret:<file|env|keychain|op|age>/<name>';
