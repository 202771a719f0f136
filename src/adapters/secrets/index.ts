import type { Config } from '../../config.ts';
import type { Home } from '../../home.ts';
import { partsOfRef } from '../../planning/secret-ref.ts';
import type { Redactor } from '../../secret.ts';
import { isFit, type SecretSources } from '../../services/secrets.ts';
import { ageSource } from './age.ts';
import { envSource } from './env.ts';
import { fileSource } from './file.ts';
import { keychainSource } from './keychain.ts';
import { opSource } from './op.ts';
import { storedSecrets } from './stored.ts';

const inFiles = ({ etc, var: own }: Home) => ({
  file: fileSource(etc.secrets),
  age: ageSource(etc.secrets, own.ageKey),
});

/** Every place where a secret can be kept. */
export function secretSources(
  { home, secretEnv, opToken }: Pick<Config, 'home' | 'secretEnv' | 'opToken'>,
  redactor: Redactor,
): SecretSources {
  const { file, age } = inFiles(home);
  return {
    file,
    age,
    env: envSource(secretEnv),
    keychain: keychainSource(),
    op: opSource(async (signal) => {
      const token = opToken ?? (await file('op-token', signal));
      redactor.learn(token);
      return token;
    }),
  };
}

const NEVER = new AbortController().signal;

/**
 * Every secret in a file of this host that can be read: what an earlier life of the daemon brought into other files and
 * into programs is to be masked, too, before anybody fetches it again.
 */
export async function storedValues(home: Home): Promise<string[]> {
  const { file, age } = inFiles(home);
  const usable = storedSecrets(home.etc.secrets).filter(({ problem }) => problem === null);
  const reads = usable.map(async ({ ref }) => {
    const { source, name } = partsOfRef(ref);
    return (source === 'age' ? age : file)(name, NEVER);
  });
  const values = await Promise.allSettled(reads);
  return values
    .filter((it) => it.status === 'fulfilled')
    .map(({ value }) => value)
    .filter(isFit);
}
