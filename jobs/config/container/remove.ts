import { defineAction } from '../../../src/planning/action.ts';
import {
  type ContainerQueries,
  containerStep,
  containerTraits,
  type NamedContainer,
} from '../../../src/planning/container-action.ts';

/** Has no container of a name. */
export const remove = defineAction<NamedContainer, ContainerQueries>({
  summary: 'Stops a container and takes its name away; what it was is kept for an undo.',
  undo: 'gives the container its name back, and starts it, where it ran',
  ...containerTraits,
  plan: ({ name }, facts) => [containerStep('remove', name, { state: 'absent' }, facts)],
});
