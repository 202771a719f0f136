import { z } from 'zod';
import { type ContainerGoal, ContainerName, canBePulled, containerResource, HERE, imageResource } from './container.ts';
import type { ContainerFact, SettingFact } from './facts.ts';
import type { ContainerStep, SettingStep } from './step.ts';

export const NamedContainer = z.strictObject({ name: ContainerName });
export type NamedContainer = z.infer<typeof NamedContainer>;
export type ContainerQueries = { container: { ask: 'container'; name: string } };

/** What every action has in common that names a container, and nothing else. */
export const containerTraits = {
  input: NamedContainer,
  changes: true,
  reversible: () => true,
  resources: ({ name }: NamedContainer): string[] => [containerResource(name)],
  needs: ({ name }: NamedContainer): string[] => [containerResource(name)],
  subjects: (): string[] => [],
  check: () => undefined,
  facts: ({ name }: NamedContainer): ContainerQueries => ({ container: { ask: 'container', name } }),
};

export function containerStep(
  verb: string,
  name: string,
  goal: ContainerGoal,
  { container }: { container: ContainerFact },
): ContainerStep {
  const title = `${verb} the container ${name}`;
  return { kind: 'container', target: `container/${name}`, title, name, goal, before: container };
}

interface NamedImage {
  image: string;
}
export type ImageQueries = { image: { ask: 'setting'; store: 'image'; name: string } };

/** What every action has in common that fetches or removes an image. */
export const imageTraits = {
  changes: true,
  resources: ({ image }: NamedImage): string[] => [imageResource(image)],
  check: () => undefined,
  facts: ({ image }: NamedImage): ImageQueries => ({ image: { ask: 'setting', store: 'image', name: image } }),
};

/** Has an image here, or none. */
export function imageStep(image: string, here: boolean, before: SettingFact): SettingStep {
  return {
    kind: 'setting',
    target: imageResource(image),
    title: `${here ? 'pull' : 'remove the image'} ${image}`,
    store: 'image',
    name: image,
    wanted: here ? HERE : null,
    before,
    remains: '',
    oneWay: !here && !canBePulled(image),
  };
}
