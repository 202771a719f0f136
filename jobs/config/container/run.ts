import { z } from 'zod';
import { defineAction } from '../../../src/planning/action.ts';
import { checkSteps } from '../../../src/planning/command.ts';
import { ContainerSpec, containerNeeds, containerResources } from '../../../src/planning/container.ts';
import { type ContainerQueries, containerStep } from '../../../src/planning/container-action.ts';
import { Argv } from '../../../src/planning/input.ts';
import { Probe } from '../../../src/planning/probe.ts';

const DEFAULT_READY_MS = 60_000;

const Input = z.strictObject({
  ...ContainerSpec.shape,
  // Not the engine's own health check: podman has one only where systemd has its timers.
  health: Argv.optional().describe('Succeeds in it once it is well; Ops runs it until it does.'),
  ready_within_ms: z
    .int()
    .min(500)
    .max(1_800_000)
    .optional()
    .describe('By when it must be well; a minute after its start where absent.'),
  check: Probe.optional().describe(
    'A health check that must be well, too. Without it and `health` it must run for 3 seconds.',
  ),
});
type Input = z.infer<typeof Input>;

/** Runs a container in the place of the one before. */
export const run = defineAction<Input, ContainerQueries>({
  summary: 'Runs a container in the place of the one of its name; where it does not get well, the one before is back.',
  undo: 'brings the container before back, the very same, or removes it where there was none',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: containerResources,
  needs: containerNeeds,
  subjects: ({ image }) => [`artifact:sha256:${image.slice(-64)}`],
  check: ({ check }) => check,
  facts: ({ name }) => ({ container: { ask: 'container', name } }),
  plan: ({ health, ready_within_ms, check, ...spec }, facts) => {
    const withinMs = ready_within_ms ?? DEFAULT_READY_MS;
    const ready = { command: health ?? null, check: check ?? null, withinMs };
    return [containerStep('run', spec.name, { state: 'running', spec, ready }, facts), ...checkSteps(check)];
  },
});
