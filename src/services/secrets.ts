import { OpsError } from '../errors.ts';
import { MIN_LENGTH } from '../needles.ts';
import { partsOfRef, type SecretSourceName } from '../planning/secret-ref.ts';
import type { Redactor } from '../secret.ts';
import type { Ledger } from './ledger.ts';
import type { Secrets } from './ports.ts';

/** A place where secrets are kept: the text under this name. @throws OpsError that says what to do, and nothing of the text. */
export type SecretSource = (name: string, signal: AbortSignal) => Promise<string>;
export type SecretSources = Readonly<Record<SecretSourceName, SecretSource>>;

export interface SecretsParts {
  sources: SecretSources;
  redactor: Pick<Redactor, 'learn'>;
  ledger: Pick<Ledger, 'commit' | 'audit'>;
}

/** Nobody gets a value that is not masked from then on, and that the audit log does not know of. */
export function secretsFrom({ sources, redactor, ledger }: SecretsParts): Secrets {
  return {
    fetch: async (ref, { task_id, step, signal }) => {
      const { source, name } = partsOfRef(ref);
      const value = await sources[source](name, signal);
      refuseUnfit(value, ref);
      redactor.learn(value);
      const detail = { secret: `${source}/${name}`, step };
      await ledger.commit(() => ledger.audit({ event: 'secret-used', task_id, detail }));
      return value;
    },
  };
}

/** As many characters as one command can be given without a doubt, and the redactor looks for without delay. */
const LONGEST = 16 * 1024;

function refuseUnfit(value: string, ref: string): void {
  const fault = faultOf(value);
  if (fault) throw new OpsError(`${ref} ${fault}`);
}

/** Whether it can be a secret here. */
export const isFit = (value: string): boolean => faultOf(value) === undefined;

function faultOf(value: string): string | undefined {
  if (value.length < MIN_LENGTH)
    return `has fewer than ${MIN_LENGTH} characters, which cannot be masked without ordinary words: set a longer one`;
  if (value.length > LONGEST) return `has more than ${LONGEST} characters: keep only the secret itself there`;
  return value.includes('\0') ? 'holds a NUL, which no variable can: keep it there as text, e.g. in base64' : undefined;
}
