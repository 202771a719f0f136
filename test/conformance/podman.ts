import { appendFileSync } from 'node:fs';
import { afterAll, onTestFinished } from 'vitest';
import { RealPodman } from '../support/real-podman.ts';
import type { Place } from './trial.ts';

let shared: Promise<RealPodman> | undefined;
afterAll(async () => (await shared)?.[Symbol.asyncDispose]());

/** A real podman for the host of this trial, without containers. */
export async function podmanFor({ home }: Place): Promise<RealPodman> {
  shared ??= RealPodman.make();
  const podman = await shared;
  appendFileSync(home.etc.ops, `container_engine: ${podman.program}\n`);
  onTestFinished(() => podman.clear());
  return podman;
}

/** A container as somebody else made it. */
export async function webOn(podman: RealPodman): Promise<void> {
  await podman.podman('run', '--detach', '--name=web', podman.image);
}

/** The same, which was stopped since. */
export async function stoppedWebOn(podman: RealPodman): Promise<void> {
  await webOn(podman);
  await podman.podman('stop', '--time=1', 'web');
}

/** The service of the examples as a container. */
export const asContainer = () =>
  [
    ['supervisor: command # or launchd (label), pm2 (name), systemd (unit), container (name)', 'supervisor: container'],
    ['        start: [/srv/example/bin/start] # ends once it is started\n', ''],
    ['        stop: [/srv/example/bin/stop]\n', ''],
    ['        status: [/srv/example/bin/status] # exit code 0: it runs; 3: it does not\n', ''],
  ] as const;

export const seenOn = async (): Promise<string[]> => (await shared)?.containers() ?? [];

const IMAGE = 'images.example.org/shop/web@sha256:b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9';
let pinned = '';

/** A registry that has the image of the examples, which is not here. */
export async function registryFor(place: Place): Promise<{ podman: RealPodman; image: string }> {
  const podman = await podmanFor(place);
  const registry = await podman.registry();
  pinned = registry.image;
  onTestFinished(async () => {
    await podman.podman('rmi', '--ignore', registry.image);
    await registry[Symbol.asyncDispose]();
  });
  return { podman, image: registry.image };
}

/** The image of the examples as it is called here. */
export const named = (image: string) => [[IMAGE, image]] as const;
export const namedAsPinned = () => named(pinned);

export const imagesOn = async (): Promise<string[]> => {
  const rows = (await (await shared)?.podman('images', '--all', '--digests', '--format', 'json')) ?? '[]';
  return (JSON.parse(rows) as { Id: string }[]).map(({ Id }) => Id).toSorted();
};
