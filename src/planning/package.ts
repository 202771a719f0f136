import { z } from 'zod';

export const PackageName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9+._@-]{0,126}[a-z0-9+])?$/, 'expected the name of a package');

/**
 * A version, in the words that JavaScript's and POSIX's regular expressions share: sudo is told it, too. A hyphen at its
 * end means something else to apt.
 */
export const VERSION_PATTERN = '[0-9A-Za-z]([0-9A-Za-z.+:~_-]{0,126}[0-9A-Za-z.+~])?';

export const PackageVersion = z.string().regex(new RegExp(`^${VERSION_PATTERN}$`), 'expected a version');
