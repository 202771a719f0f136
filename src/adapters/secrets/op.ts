import { OpsError } from '../../errors.ts';
import type { SecretSource } from '../../services/secrets.ts';
import { ask } from './tool.ts';

/** 1Password, by its program and a service account: `<vault>/<item>/<field>`. */
export const opSource =
  (token: string | null): SecretSource =>
  (name, signal) => {
    if (token === null)
      throw new OpsError('op needs OP_SERVICE_ACCOUNT_TOKEN in the environment of the daemon (docs/secrets.md)');
    return ask(['op', 'read', '--no-newline', `op://${name}`], {
      signal,
      env: { OP_SERVICE_ACCOUNT_TOKEN: token },
      remedy: (_, said) => FAULTS.find(([pattern]) => pattern.test(said))?.[1](name),
    });
  };

const FAULTS: [RegExp, (name: string) => string][] = [
  [
    /isn't a vault|isn't an item|isn't a field|could not find|no item/i,
    (name) =>
      `finds no op://${name}: look at its vault, item and field, and whether the service account may see that vault`,
  ],
  [/401|unauthorized|service account|token/i, () => 'is not let in: look at OP_SERVICE_ACCOUNT_TOKEN'],
  [/rate|429|too many/i, () => 'was asked too often: 1Password limits it for a while'],
];
