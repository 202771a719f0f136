import type { Config } from '../../config.ts';
import { guardedIn } from '../sandbox/grounds.ts';
import { ContainerEngine } from './engine.ts';
import type { Guarded } from './mounts.ts';

/** The container engine of this host. */
export const containersOf = (config: Config): ContainerEngine =>
  new ContainerEngine({ named: config.containerEngine, env: config.baseEnv, guarded: () => guardedBy(config) });

/** As for commands, and nothing at all of the settings: who is root in a container reads them. */
function guardedBy(config: Config): Guarded {
  const { readOnly, hidden } = guardedIn(config);
  return { readOnly, hidden: [...hidden, config.home.etc.dir] };
}
