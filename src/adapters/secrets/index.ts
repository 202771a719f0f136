import type { Config } from '../../config.ts';
import type { Redactor } from '../../secret.ts';
import type { SecretSources } from '../../services/secrets.ts';
import { ageSource } from './age.ts';
import { envSource } from './env.ts';
import { fileSource } from './file.ts';
import { keychainSource } from './keychain.ts';
import { opSource } from './op.ts';

/** Every place where a secret can be kept. */
export function secretSources(
  { home, secretEnv, opToken }: Pick<Config, 'home' | 'secretEnv' | 'opToken'>,
  redactor: Redactor,
): SecretSources {
  const file = fileSource(home.etc.secrets);
  return {
    file,
    age: ageSource(home.etc.secrets, home.var.ageKey),
    env: envSource(secretEnv),
    keychain: keychainSource(),
    op: opSource(async (signal) => {
      const token = opToken ?? (await file('op-token', signal));
      redactor.learn(token);
      return token;
    }),
  };
}
