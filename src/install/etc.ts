import type { Account } from '../adapters/accounts.ts';
import { readRoleKey } from '../adapters/etc-files.ts';
import { asUser } from '../adapters/users.ts';
import { type KeyRingEntry, ringEntry } from '../contract/keyring.ts';
import { folder, hasAccess, PUBLIC_FILE, PUBLIC_FOLDER, setAccess, settingsFile } from './files.ts';
import { addToRing, ensureKey, missingFromRing } from './keys.ts';
import type { Layout } from './layout.ts';
import type { Stage } from './stage.ts';
import { type HostSettings, installedConfig, STARTER_POLICY } from './starter.ts';

/** The settings: root's, so that the daemon can read and never change them. What an operator wrote is left alone. */
export function etcStages({ home }: Layout, account: Account, host: HostSettings): Stage[] {
  const readable = { ...PUBLIC_FILE, gid: account.gid };
  return [
    folder(home.etc.dir, PUBLIC_FOLDER),
    folder(home.etc.crons, PUBLIC_FOLDER),
    settingsFile(home.etc.ops, readable, () => installedConfig(host)),
    settingsFile(home.etc.policy, readable, () => STARTER_POLICY),
  ];
}

/** The two keys of this host, made here and never leaving it, and the ring that names them. */
export function keyStages({ home }: Layout, account: Account, host: string): Stage[] {
  const { operatorKey, keyring } = home.etc;
  const ringAccess = { ...PUBLIC_FILE, gid: account.gid };
  const secret = { uid: 0, gid: 0, mode: 0o600 };
  const entries = async (): Promise<KeyRingEntry[]> => {
    const hostKey = await asUser(account, () => readRoleKey(home.var.hostKey));
    return [readRoleKey(operatorKey), hostKey].map(ringEntry);
  };
  return [
    {
      what: `${operatorKey}, the operator's key (root's, 0600)`,
      isDone: () => hasAccess(operatorKey, secret),
      async make() {
        await ensureKey(operatorKey, 'operator', `operator@${host}`);
        setAccess(operatorKey, secret);
      },
    },
    asAccount(account, {
      what: `${home.var.hostKey}, the host's key (the daemon's, 0600)`,
      isDone: () => hasAccess(home.var.hostKey, { ...account, mode: 0o600 }),
      make: async () => void (await ensureKey(home.var.hostKey, 'host', host)),
    }),
    {
      what: `${keyring}, with both`,
      isDone: async () => hasAccess(keyring, ringAccess) && missingFromRing(keyring, await entries()).length === 0,
      async make() {
        addToRing(keyring, await entries());
        setAccess(keyring, ringAccess);
      },
    },
  ];
}

/** What lies in `var` is the daemon's from the beginning; root makes only `var` itself. */
export function varStages({ home, userHome }: Layout, account: Account): Stage[] {
  const own = { ...account, mode: 0o700 };
  const inside = [`${home.var.dir}/log`, `${home.var.dir}/keys`, home.var.redis, userHome];
  return [folder(home.var.dir, own), ...inside.map((path) => asAccount(account, folder(path, own)))];
}

export function asAccount(account: Account, stage: Stage): Stage {
  return {
    ...stage,
    isDone: () => asUser(account, () => stage.isDone()),
    make: () => asUser(account, () => stage.make()),
  };
}
