import { join } from 'node:path';
import { armor, Decrypter } from 'age-encryption';
import { OpsError } from '../../errors.ts';
import type { SecretSource } from '../../services/secrets.ts';
import { readSecretFile, textOf } from './file.ts';

/** Files `<name>.age` of a folder, encrypted to the identity in `keyFile`, as the program age makes both. */
export const ageSource =
  (folder: string, keyFile: string): SecretSource =>
  async (name) => {
    const path = join(folder, `${name}.age`);
    const encrypted = readSecretFile(path);
    const decrypter = decrypterOf(keyFile);
    try {
      return textOf(await decrypter.decrypt(unarmored(encrypted)), name).replace(/\n$/, '');
    } catch (error) {
      if (error instanceof OpsError) throw error;
      // What the library says may quote what it read.
      throw new OpsError(
        `${path} cannot be decrypted by ${keyFile}: encrypt it to what age-keygen -y ${keyFile} prints`,
      );
    }
  };

function decrypterOf(keyFile: string): Decrypter {
  const lines = readSecretFile(keyFile).toString().split('\n');
  const identities = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    return decrypter;
  } catch {
    throw new OpsError(`${keyFile} holds no identity of age: make one by age-keygen -o ${keyFile}`);
  }
}

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----';

const unarmored = (bytes: Buffer): Uint8Array =>
  bytes.subarray(0, ARMOR.length).toString() === ARMOR ? armor.decode(bytes.toString()) : bytes;
