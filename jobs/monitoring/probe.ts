import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { probeStep } from '../../src/planning/command.ts';
import { Probe } from '../../src/planning/probe.ts';

const Input = z.strictObject({ check: Probe });

export const probe = defineAction<z.infer<typeof Input>>({
  summary: 'Looks at a service and reports its health.',
  undo: 'has nothing to do: it changes nothing',
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
