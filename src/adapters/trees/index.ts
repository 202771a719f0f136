import type { Trees } from '../../services/host.ts';

export interface TreesParts {
  /** Where mirrors of remotes lie. */
  remotes: string;
  /** The environment of git. */
  env: Readonly<Record<string, string>>;
}

export function treesWith(_parts: TreesParts): Trees {
  throw new Error('to be written');
}
