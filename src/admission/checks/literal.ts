import { literalSecretsIn, literalSecretText } from '../../contract/literal-secret.ts';
import type { Check } from '../facts.ts';
import { refused } from '../reasons.ts';

/** A task names secrets, and holds none. Comes before it is held: nobody is asked to approve one. */
export const withoutSecrets: Check = ({ task }, { knownSecretAt }) => {
  const found =
    knownSecretAt === null ? literalSecretsIn(task) : [{ place: knownSecretAt, what: 'known to this host' }];
  return found.length === 0 ? undefined : refused('literal-secret', literalSecretText(found));
};
