import { z } from 'zod';
import { defineAction } from '../../src/planning/action.ts';
import { ContainerName, containerResource } from '../../src/planning/container.ts';

const Input = z.strictObject({ name: ContainerName });
type Input = z.infer<typeof Input>;

type Queries = { container: { ask: 'container'; name: string } };

/** Stops a container. */
export const containerStop = defineAction<Input, Queries>({
  summary: 'Stops a container, and leaves it where it is.',
  undo: 'starts it again, where it ran',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: ({ name }) => [containerResource(name)],
  needs: ({ name }) => [containerResource(name)],
  subjects: () => [],
  check: () => undefined,
  facts: ({ name }) => ({ container: { ask: 'container', name } }),
  plan: ({ name }, { container }) => {
    if (!container.exists) throw new Error(`there is no container ${name} to stop`);
    return [
      {
        kind: 'container',
        target: `container/${name}`,
        title: `stop the container ${name}`,
        name,
        goal: { state: 'stopped' },
        before: container,
      },
    ];
  },
});
