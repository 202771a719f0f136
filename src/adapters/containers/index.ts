import type { Config } from '../../config.ts';
import { guardedIn } from '../sandbox/grounds.ts';
import { ContainerEngine } from './engine.ts';

/** The container engine of this host: what commands may not touch, containers may not either. */
export function containersOf(config: Config): ContainerEngine {
  const { home, baseEnv, containerEngine } = config;
  const guarded = () => {
    const { readOnly, hidden } = guardedIn(config);
    return { readOnly, hidden: [...hidden, home.etc.dir] };
  };
  return new ContainerEngine({ named: containerEngine, env: baseEnv, guarded });
}
