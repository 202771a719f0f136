import type { Config } from '../../config.ts';
import type { SecretSources } from '../../services/secrets.ts';
import { ageSource } from './age.ts';
import { envSource } from './env.ts';
import { fileSource } from './file.ts';
import { keychainSource } from './keychain.ts';
import { opSource } from './op.ts';

/** Every place where a secret can be kept. */
export const secretSources = ({ home, secretEnv, opToken }: Config): SecretSources => ({
  file: fileSource(home.etc.secrets),
  age: ageSource(home.etc.secrets, home.var.ageKey),
  env: envSource(secretEnv),
  keychain: keychainSource(),
  op: opSource(opToken),
});
