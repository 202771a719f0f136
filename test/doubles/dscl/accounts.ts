import type { Account } from '../../../src/adapters/accounts.ts';

/** Records by path, e.g. `/Users/root`, with their attributes. */
export type Accounts = Record<string, Record<string, string>>;

/** As a new Mac has them: ids from 200 to 400 are taken here and there. */
export const NEW_MAC: Accounts = {
  '/Users/root': { UniqueID: '0', PrimaryGroupID: '0' },
  '/Users/nobody': { UniqueID: '-2', PrimaryGroupID: '-2' },
  '/Users/_softwareupdate': { UniqueID: '200', PrimaryGroupID: '200' },
  '/Users/_locationd': { UniqueID: '205', PrimaryGroupID: '205' },
  '/Groups/wheel': { PrimaryGroupID: '0' },
  '/Groups/_softwareupdate': { PrimaryGroupID: '200' },
  '/Users/_highest': { UniqueID: '400', PrimaryGroupID: '400' },
  '/Groups/_highest': { PrimaryGroupID: '400' },
  '/Groups/_taken': { PrimaryGroupID: '399' },
  '/Groups/_locationd': { PrimaryGroupID: '205' },
};

export function accountOf(accounts: Accounts, user: string): Account | undefined {
  const { UniqueID, PrimaryGroupID } = accounts[`/Users/${user}`] ?? {};
  return UniqueID && PrimaryGroupID ? { uid: Number(UniqueID), gid: Number(PrimaryGroupID) } : undefined;
}

export function userOf(accounts: Accounts, uid: number): string | undefined {
  const users = Object.entries(accounts).filter(([path]) => path.startsWith('/Users/'));
  return users.find(([, { UniqueID }]) => UniqueID === String(uid))?.[0].replace('/Users/', '');
}
