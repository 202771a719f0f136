import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { ContainerName, containerResource } from '../../src/planning/container.ts';

const Input = z.strictObject({ name: ContainerName });
type Input = z.infer<typeof Input>;

type Queries = { container: { ask: 'container'; name: string } };

/** Has no container of a name. */
export const containerRemove = defineAction<Input, Queries>({
  summary: 'Stops a container and takes its name away; what it was is kept for an undo.',
  undo: 'gives the container its name back, and starts it, where it ran',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: ({ name }) => [containerResource(name)],
  needs: ({ name }) => [containerResource(name)],
  subjects: () => [],
  check: () => undefined,
  facts: ({ name }) => ({ container: { ask: 'container', name } }),
  plan: ({ name }, { container }) => [
    {
      kind: 'container',
      target: `container/${name}`,
      title: `remove the container ${name}`,
      name,
      goal: { state: 'absent' },
      before: container,
    },
  ],
});
