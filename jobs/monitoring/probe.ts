import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { probeStep } from '../../src/planning/command.ts';
import { Probe } from '../../src/planning/probe.ts';

const Input = z.strictObject({ check: Probe });

/** Looks at a service once and reports its health. */
export const probe = defineAction<z.infer<typeof Input>>({
  input: Input,
  changes: false,
  reversible: () => true,
  resources: () => [],
  needs: () => [],
  subjects: () => [],
  check: ({ check }) => check,
  facts: () => ({}),
  plan: ({ check }) => [probeStep(check)],
});
