/** Something a person can mend: the message says what is wrong and what to do. Printed without a stack. */
export class OpsError extends Error {
  override name = 'OpsError';
}

/** There is no such commit where it is said to be: another one must be named. */
export class UnknownCommitError extends OpsError {
  override name = 'UnknownCommitError';
}

/** Another daemon holds the home: waiting for it would make a second one that nobody asked for. */
export class HomeInUseError extends OpsError {
  override name = 'HomeInUseError';
}

/** Whatever was thrown, as an Error. */
export function coerceError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** For a log: what a person can mend needs no stack. */
export function textOf(error: Error): string {
  return error instanceof OpsError ? error.message : (error.stack ?? error.message);
}
