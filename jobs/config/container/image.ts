import { z } from 'zod';
import { NETWORK } from '../../../src/contract/need.ts';
import { defineAction } from '../../../src/planning/action.ts';
import { canBePulled, imageNeed, PinnedImage } from '../../../src/planning/container.ts';
import { type ImageQueries, imageStep, imageTraits } from '../../../src/planning/container-action.ts';

const Input = z.strictObject({
  image: PinnedImage,
  absent: z.literal(true).describe('There is to be none. What a container stands on, one kept for an undo too, stays.'),
});
type Input = z.infer<typeof Input>;

/** Removes an image. */
export const image = defineAction<Input, ImageQueries>({
  summary: 'Removes an image on which no container stands.',
  undo: 'fetches it again from its registry; of an image that is named by its id there is none',
  input: Input,
  ...imageTraits,
  reversible: (input) => canBePulled(input.image),
  needs: (input) => [imageNeed(input.image), ...(canBePulled(input.image) ? [NETWORK] : [])],
  subjects: () => [],
  plan: (input, facts) => [imageStep(input.image, false, facts.image)],
});
