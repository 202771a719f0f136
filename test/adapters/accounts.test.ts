import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createAccount, findAccount } from '../../src/adapters/accounts.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { type Accounts, NEW_MAC } from '../doubles/dscl/accounts.ts';
import { Mac } from '../doubles/mac.ts';

describeAsRoot('a service account, by the double of dscl', () => {
  let mac: Mac;
  let path: string | undefined;
  beforeAll(async () => {
    mac = await Mac.start();
    path = process.env['PATH'];
    process.env['PATH'] = mac.env.PATH;
  });
  beforeEach(() => writeAccounts(NEW_MAC));
  afterAll(async () => {
    process.env['PATH'] = path;
    await mac[Symbol.asyncDispose]();
  });

  const accounts = (): Accounts => JSON.parse(readFileSync(mac.accounts, 'utf8'));
  const writeAccounts = (content: Accounts) => writeFileSync(mac.accounts, JSON.stringify(content));

  it('is hidden, has no shell and no password, and the highest id that no user and no group has', async () => {
    expect(await findAccount('_x')).toBeNull();
    // 400 is a user's and a group's, 399 a group's.
    expect(await createAccount('_x', '/x/home')).toEqual({ uid: 398, gid: 398 });
    expect(accounts()['/Users/_x']).toEqual({
      RealName: 'savorg-ops',
      Password: '*',
      IsHidden: '1',
      UserShell: '/usr/bin/false',
      NFSHomeDirectory: '/x/home',
      PrimaryGroupID: '398',
      UniqueID: '398',
    });
    expect(accounts()['/Groups/_x']).toEqual({ RealName: 'savorg-ops', Password: '*', PrimaryGroupID: '398' });
    expect(await findAccount('_x')).toEqual({ uid: 398, gid: 398 });
  }, 30_000);

  it('that is half made is finished, with the group that is there', async () => {
    writeAccounts({ ...NEW_MAC, '/Groups/_x': { PrimaryGroupID: '398' }, '/Users/_x': { PrimaryGroupID: '398' } });
    expect(await findAccount('_x')).toBeNull();
    expect(await createAccount('_x', '/x/home')).toEqual({ uid: 397, gid: 398 });
  }, 30_000);

  it('is refused where no id is free', async () => {
    const taken = Array.from({ length: 201 }, (_, n) => [`/Users/u${n}`, { UniqueID: String(200 + n) }] as const);
    writeAccounts(Object.fromEntries(taken));
    await expect(createAccount('_x', '/x/home')).rejects.toThrow('no id from 200 to 400 is free');
  });
});
