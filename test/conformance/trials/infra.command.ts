import type { Trials } from '../trial.ts';

export const trials: Trials = { 'over nothing': { arrange: async () => undefined } };
