import type { Config } from '../../config.ts';
import type { Bounds } from '../../planning/bounds.ts';

/** Keeps commands within their bounds, by the kernel. */
export interface Sandbox {
  /** As people know it. */
  name: string;
  /** What stands before the argv of a command that is to run in `cwd` within these bounds. */
  prefix(bounds: Bounds, cwd: string): string[];
}

/** Or why there is none. */
export type SandboxHere = Sandbox | { problem: string };

export type SandboxSettings = Pick<Config, 'home' | 'protect' | 'baseEnv' | 'runAs'>;
