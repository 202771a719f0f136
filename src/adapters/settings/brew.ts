import { z } from 'zod';
import { OpsError } from '../../errors.ts';
import type { PackageStore } from '../../services/host.ts';
import { isRunning } from '../processes.ts';
import { insist, type Tool, toolOf } from './tool.ts';

/** Downloads, and what its formula does. */
const TIMEOUT_MS = 15 * 60_000;

/** It does what it is asked for: it fetches no newer formulae, and neither cleans up nor upgrades what it is not asked for. */
const HOMEBREW = Object.fromEntries(
  [
    'NO_ANALYTICS',
    'NO_AUTO_UPDATE',
    'NO_AUTOREMOVE',
    'NO_COLOR',
    'NO_EMOJI',
    'NO_ENV_HINTS',
    'NO_INSTALLED_DEPENDENTS_CHECK',
    'NO_INSTALL_CLEANUP',
    'NO_INSTALL_UPGRADE',
  ].map((name) => [`HOMEBREW_${name}`, '1']),
);

const Formula = z.object({
  name: z.string(),
  versions: z.object({ stable: z.string().nullable() }),
  revision: z.int(),
  installed: z.array(z.object({ version: z.string() })),
  linked_keg: z.string().nullable(),
});
type Formula = z.infer<typeof Formula>;
const Info = z.object({ formulae: z.array(Formula).length(1) });

/** Homebrew's formulae. Only the account that owns its folders can change them; it refuses root. */
export function brewStore(env: Readonly<Record<string, string>>): PackageStore {
  const brew = toolOf('brew', { ...env, ...HOMEBREW });
  const look = async (name: string) => ({ value: installedOf(await formulaOf(name, brew)) });
  return {
    look,
    offer: async (name) => {
      const formula = await formulaOf(name, brew);
      const candidate = formula === null ? null : stableOf(formula);
      return { versions: candidate === null ? [] : [candidate], candidate };
    },
    set: async (name, version) => {
      const { value } = await look(name);
      const verb = version === null ? 'uninstall' : value === null ? 'install' : 'upgrade';
      const answer = await brew([verb, '--formula', name], { timeoutMs: TIMEOUT_MS, livesOn: true });
      insist(answer, `brew cannot ${verb} ${name}`);
    },
    isAtWork: (name) => isRunning(` --formula ${name}`),
  };
}

/** Null where there is none of that name. */
async function formulaOf(name: string, brew: Tool): Promise<Formula | null> {
  const answer = await brew(['info', '--json=v2', '--formula', name]);
  if (answer.exitCode === 1 && answer.said.includes('No available formula with the name')) return null;
  insist(answer, `brew cannot look at ${name}`);
  const formula = parsed(answer.stdout);
  if (!formula) throw new OpsError(`brew says of ${name} what Ops does not understand`);
  if (formula.name !== name) throw new OpsError(`brew knows ${name} as ${formula.name}: name it so`);
  return formula;
}

function parsed(text: string): Formula | undefined {
  try {
    return Info.parse(JSON.parse(text)).formulae[0];
  } catch {
    return undefined;
  }
}

/** Of several versions that lie there, the one in use. */
const installedOf = (formula: Formula | null): string | null =>
  formula?.linked_keg ?? formula?.installed.at(-1)?.version ?? null;

function stableOf({ versions, revision }: Formula): string | null {
  return versions.stable !== null && revision > 0 ? `${versions.stable}_${revision}` : versions.stable;
}
