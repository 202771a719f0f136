import { defineAction } from '../../../src/planning/action.ts';
import {
  type ContainerQueries,
  containerStep,
  containerTraits,
  type NamedContainer,
} from '../../../src/planning/container-action.ts';

/** Stops a container. */
export const stop = defineAction<NamedContainer, ContainerQueries>({
  summary: 'Stops a container, and leaves it where it is.',
  undo: 'starts it again, where it ran',
  ...containerTraits,
  plan: ({ name }, facts) => {
    if (!facts.container.exists) throw new Error(`there is no container ${name} to stop`);
    return [containerStep('stop', name, { state: 'stopped' }, facts)];
  },
});
