import type { Config } from '../../config.ts';
import { ContainerEngine } from './engine.ts';

/** The container engine of this host. */
export function containersOf({ home, baseEnv, containerEngine }: Config): ContainerEngine {
  const hidden = [home.var.dir, home.keys, home.etc.dir];
  return new ContainerEngine({ named: containerEngine, env: baseEnv, guarded: () => ({ hidden, readOnly: [] }) });
}
