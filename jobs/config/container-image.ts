import { z } from 'zod';
import { NETWORK } from '../../src/contract/need.ts';
import { defineAction } from '../../src/planning/action.ts';
import { canBePulled, imageNeed, imageResource, PinnedImage } from '../../src/planning/container.ts';

const Input = z.strictObject({
  image: PinnedImage,
  absent: z.literal(true).describe('There is to be none. What a container stands on, one kept for an undo too, stays.'),
});
type Input = z.infer<typeof Input>;

type Queries = { image: { ask: 'setting'; store: 'image'; name: string } };

/** Removes an image. */
export const containerImage = defineAction<Input, Queries>({
  summary: 'Removes an image on which no container stands.',
  undo: 'fetches it again from its registry; of an image that is named by its id there is none',
  input: Input,
  changes: true,
  reversible: ({ image }) => canBePulled(image),
  resources: ({ image }) => [imageResource(image)],
  needs: ({ image }) => [imageNeed(image), ...(canBePulled(image) ? [NETWORK] : [])],
  subjects: () => [],
  check: () => undefined,
  facts: ({ image }) => ({ image: { ask: 'setting', store: 'image', name: image } }),
  plan: ({ image }, facts) => [
    {
      kind: 'setting',
      target: imageResource(image),
      title: `remove the image ${image}`,
      store: 'image',
      name: image,
      wanted: null,
      before: facts.image,
      remains: '',
      oneWay: !canBePulled(image),
    },
  ],
});
