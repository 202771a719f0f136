/** How many runs make a habit, and how many times slower than their median is slower than usual. */
const FEWEST_RUNS = 5;
const TIMES_SLOWER = 2;
/** What is over in a moment varies by chance. */
const FASTEST_MS = 1_000;

/**
 * How long it usually takes at most, by the durations of its completed runs before; null where they are too few to tell.
 * What its definition expects is never slow.
 */
export function usualMs(durations: readonly number[], expectedMs: number): number | null {
  if (durations.length < FEWEST_RUNS) return null;
  const sorted = durations.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return Math.max(FASTEST_MS, expectedMs, median * TIMES_SLOWER);
}
