import type { SecretSource } from '../../services/secrets.ts';
import { ask } from './tool.ts';

/** 1Password, by its program and the token of a service account: `<vault>/<item>/<field>`. */
export const opSource =
  (token: (signal: AbortSignal) => Promise<string>): SecretSource =>
  async (name, signal) =>
    ask(['op', 'read', '--no-newline', `op://${name}`], {
      signal,
      // Its cache is a process that would stay, and know the secret.
      env: { OP_SERVICE_ACCOUNT_TOKEN: await token(signal), OP_CACHE: 'false' },
      remedy: (_, said) => FAULTS.find(([pattern]) => pattern.test(said))?.[1](name),
    });

const FAULTS: [RegExp, (name: string) => string][] = [
  [
    /isn't a vault|isn't an item|does not have a field|could not find/i,
    (name) =>
      `finds no op://${name}: look at its vault, item and field, and whether the service account may see that vault`,
  ],
  [/\b401\b|\b403\b|authorized/i, () => 'is not let in: look at the token of its service account'],
  [/\b429\b|too many requests|rate limit/i, () => 'was asked too often: 1Password limits it for a while'],
];
