import type { Config } from '../../config.ts';
import type { Bounds } from '../../planning/bounds.ts';
import type { Confinement } from '../../services/commands.ts';

/** Keeps commands within their bounds, by the kernel. */
export interface Sandbox {
  /** As people know it. */
  name: string;
  /** How a command that is to run in `cwd` is kept within these bounds. */
  confine(bounds: Bounds, cwd: string): Pick<Confinement, 'prefix' | 'filter'>;
}

/** Or why there is none. */
export type SandboxHere = Sandbox | { problem: string };

export type SandboxSettings = Pick<Config, 'home' | 'protect' | 'baseEnv' | 'runAs'>;
