import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { expect, it } from 'vitest';
import { storedValues } from '../../../src/adapters/secrets/index.ts';
import { homeAt } from '../../../src/home.ts';
import { temporaryFolder } from '../../services/support.ts';

it('T24: what lies in files of this host is known without being named, but for what cannot be read or be a secret', async () => {
  const home = homeAt(temporaryFolder());
  expect(await storedValues(home)).toEqual([]);
  for (const folder of [home.etc.secrets, dirname(home.var.ageKey)])
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  const put = (name: string, content: string | Uint8Array, mode = 0o600) =>
    writeFileSync(join(home.etc.secrets, name), content, { mode });
  const identity = await generateIdentity();
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const encrypted = await encrypter.encrypt('hunter2-in-age');
  writeFileSync(home.var.ageKey, identity, { mode: 0o600 });
  put('db', 'hunter2-hunter2\n');
  put('api.age', encrypted);
  put('torn.age', encrypted.subarray(0, 100));
  put('open', 'hunter2-open-to-all', 0o644);
  put('short', 'abc');
  put('long', 'x'.repeat(20_000));
  expect((await storedValues(home)).toSorted()).toEqual(['hunter2-hunter2', 'hunter2-in-age']);
});
