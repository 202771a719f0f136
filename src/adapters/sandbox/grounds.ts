import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { coerceError, OpsError } from '../../errors.ts';
import type { Home } from '../../home.ts';
import type { Ground } from '../../planning/bounds.ts';
import type { OffLimits } from '../off-limits.ts';
import type { SandboxSettings } from './sandbox.ts';

const PACKAGE = join(import.meta.dirname, import.meta.filename.endsWith('.ts') ? '../../..' : '../../../..');
/** What this program is made of; a home for trying out may lie beside it. */
const OWN_CODE = ['dist', 'jobs', 'node_modules', 'package.json', 'src'].map((part) => join(PACKAGE, part));

/** What no command may change, and what none may see. @throws OpsError where a root of `protect` is none. */
export function guardedIn(settings: SandboxSettings): Pick<Ground, 'readOnly' | 'hidden' | 'userHome'> {
  const { home, protect } = settings;
  const userHome = userHomeIn(settings);
  return {
    readOnly: [...protect.map(protectedRoot), ...[home.etc.dir, ...codeOf(home)].flatMap(present)],
    hidden: secret(home).flatMap(present),
    userHome: userHome === null ? null : (present(userHome)[0] ?? null),
  };
}

/** What no action of any kind changes. */
export function offLimitsIn(settings: SandboxSettings): OffLimits {
  const { home, protect } = settings;
  return { own: [home.etc.dir, ...secret(home)], code: codeOf(home), userHome: userHomeIn(settings), protect };
}

const codeOf = ({ root, installed: { node, upgrades } }: Home): string[] => [
  join(root, 'app'),
  node,
  upgrades,
  ...OWN_CODE,
];

/** What nobody else may see. */
const secret = ({ etc, keys, runner, var: { dir } }: Home): string[] => [
  dir,
  runner.dir,
  keys,
  etc.operatorKey,
  etc.redisUrl,
  etc.secrets,
];

/** HOME of commands, where it lies in the daemon's own. */
const userHomeIn = ({ home, baseEnv }: SandboxSettings): string | null =>
  [home.var.userHome, home.runner.home].find((path) => path === baseEnv['HOME']) ?? null;

const present = (path: string): string[] => (existsSync(path) ? [realpathSync(path)] : []);

function protectedRoot(path: string): string {
  const found = meant(path);
  if ('real' in found) return found.real;
  throw new OpsError(`protect in etc/ops.yaml names ${path}, which ${found.fault}: name what is to be protected`);
}

/**
 * Where a command may write, as it was approved.
 * @throws OpsError where one of the paths is not there, or is another one than policy has judged.
 */
export function writableAs(paths: readonly string[]): string[] {
  return paths.map((path) => {
    const found = meant(path);
    if ('real' in found) return found.real;
    throw new OpsError(
      `its resources name path:${path}, which ${found.fault}: name a folder that is there, or make it before (config.directory)`,
    );
  });
}

/** What is at a path, by its real name, if no link leads there but the system's own (`/var` on a Mac). */
function meant(path: string): { real: string } | { fault: string } {
  const [, first = '', ...rest] = path.split('/');
  try {
    const real = realpathSync(path);
    return real === join(realpathSync(`/${first}`), ...rest) ? { real } : { fault: `leads to ${real}` };
  } catch (error) {
    return { fault: existsSync(path) ? coerceError(error).message : 'is not there' };
  }
}
