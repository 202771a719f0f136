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

export const seenOn = async (): Promise<string[]> => (await shared)?.containers() ?? [];
