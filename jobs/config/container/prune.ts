import { z } from 'zod';
import { defineAction } from '../../../src/planning/action.ts';
import { containerStep, containerTraits, NamedContainer } from '../../../src/planning/container-action.ts';
import type { KeptContainer } from '../../../src/planning/facts.ts';
import type { ContainerStep } from '../../../src/planning/step.ts';

const DEFAULT_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

const Input = NamedContainer.extend({
  older_than_days: z
    .int()
    .min(0)
    .max(3_650)
    .optional()
    .describe(`How long they have been kept for at least; ${DEFAULT_DAYS} days where absent.`),
});
type Input = z.infer<typeof Input>;

type Queries = { kept: { ask: 'kept'; name: string } };

/** Removes what is kept of a container for undos that nobody wants any more. */
export const prune = defineAction<Input, Queries>({
  ...containerTraits,
  summary: 'Removes for good what has been kept long enough for undos of a container.',
  undo: 'none: what it removed is gone, and the task that had kept it can be taken back no more',
  input: Input,
  reversible: () => false,
  facts: ({ name }) => ({ kept: { ask: 'kept', name } }),
  plan: ({ older_than_days = DEFAULT_DAYS }, { kept: { now, containers } }) =>
    containers
      .filter(({ since }) => now - since >= older_than_days * DAY_MS)
      .filter(({ container }) => container.exists && !container.running)
      .map((kept) => stepOf(kept, now)),
});

function stepOf({ name, since, container }: KeptContainer, now: number): ContainerStep {
  const days = Math.floor((now - since) / DAY_MS);
  const step = containerStep('remove', name, { state: 'gone' }, { container });
  return { ...step, title: `${step.title}, kept for ${days} days` };
}
