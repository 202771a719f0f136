import { OpsError } from '../../errors.ts';
import type { SecretSource } from '../../services/secrets.ts';

/** Variables of the daemon, those only that its configuration lists. */
export const envSource =
  (variables: Readonly<Record<string, string>>): SecretSource =>
  async (name) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) return value;
    throw new OpsError(
      `the daemon has no variable ${name} for tasks: list it under secret_environment in etc/ops.yaml, and start the daemon with it`,
    );
  };
