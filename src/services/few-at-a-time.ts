const AT_A_TIME = 20;

/** Does it with each, a few at a time. One that fails does not keep the others waiting: the first error comes at the end. */
export async function fewAtATime<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const results: PromiseSettledResult<void>[] = [];
  while (waiting.length > 0) results.push(...(await Promise.allSettled(waiting.splice(0, AT_A_TIME).map(act))));
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
