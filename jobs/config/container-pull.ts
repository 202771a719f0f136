import { z } from 'zod';
import { NETWORK } from '../../src/contract/need.ts';
import { defineAction } from '../../src/planning/action.ts';
import { canBePulled, HERE, imageNeed, imageResource, PinnedImage } from '../../src/planning/container.ts';

const Input = z.strictObject({
  image: PinnedImage.refine(canBePulled, 'is named by its id, which no registry knows: <repository>@sha256:…'),
});
type Input = z.infer<typeof Input>;

type Queries = { image: { ask: 'setting'; store: 'image'; name: string } };

/** Fetches an image. */
export const containerPull = defineAction<Input, Queries>({
  summary: 'Fetches an image from its registry, by its digest.',
  undo: 'removes the image, where it was not here and no container stands on it',
  input: Input,
  changes: true,
  reversible: () => true,
  resources: ({ image }) => [imageResource(image)],
  needs: ({ image }) => [imageNeed(image), NETWORK],
  subjects: ({ image }) => [`artifact:${image.slice(image.indexOf('@') + 1)}`],
  check: () => undefined,
  facts: ({ image }) => ({ image: { ask: 'setting', store: 'image', name: image } }),
  plan: ({ image }, facts) => [
    {
      kind: 'setting',
      target: imageResource(image),
      title: `pull ${image}`,
      store: 'image',
      name: image,
      wanted: HERE,
      before: facts.image,
      remains: '',
      oneWay: false,
    },
  ],
});
