import { z } from 'zod';
import { NETWORK } from '../../../src/contract/need.ts';
import { defineAction } from '../../../src/planning/action.ts';
import { canBePulled, imageNeed, PinnedImage } from '../../../src/planning/container.ts';
import { type ImageQueries, imageStep, imageTraits } from '../../../src/planning/container-action.ts';

const Input = z.strictObject({
  image: PinnedImage.refine(canBePulled, 'is named by its id, which no registry knows: <repository>@sha256:…'),
});
type Input = z.infer<typeof Input>;

/** Fetches an image. */
export const pull = defineAction<Input, ImageQueries>({
  summary: 'Fetches an image from its registry, by its digest.',
  undo: 'removes the image, where it was not here and no container stands on it',
  input: Input,
  ...imageTraits,
  reversible: () => true,
  needs: ({ image }) => [imageNeed(image), NETWORK],
  subjects: ({ image }) => [`artifact:${image.slice(image.indexOf('@') + 1)}`],
  plan: ({ image }, facts) => [imageStep(image, true, facts.image)],
});
