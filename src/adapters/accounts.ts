import { execa } from 'execa';
import { OpsError } from '../errors.ts';

/** A user and its own group, by number. */
export interface Account {
  uid: number;
  gid: number;
}

/** Of macOS's own service accounts: below every person's. Apple takes the next ones from below. */
const IDS = { lowest: 200, highest: 400 };
const NOT_FOUND = 56;
const TIMEOUT_MS = 20_000;

/** The account of that name, or null where there is none, or only a part of one. */
export async function findAccount(name: string): Promise<Account | null> {
  const [uid, gid] = await Promise.all([read('Users', name, 'UniqueID'), read('Users', name, 'PrimaryGroupID')]);
  return uid === null || gid === null ? null : { uid, gid };
}

/** Makes a hidden service account with a group of the same name, without password and shell. Finishes a half-made one. */
export async function createAccount(name: string, home: string): Promise<Account> {
  const id = await highestFreeId();
  const gid = (await read('Groups', name, 'PrimaryGroupID')) ?? id;
  await create('Groups', name, { RealName: 'savorg-ops', Password: '*', PrimaryGroupID: gid });
  // The id comes last: until it is there, the next run takes the account for not made.
  await create('Users', name, {
    RealName: 'savorg-ops',
    Password: '*',
    IsHidden: 1,
    UserShell: '/usr/bin/false',
    NFSHomeDirectory: home,
    PrimaryGroupID: gid,
    UniqueID: id,
  });
  return { uid: id, gid };
}

async function highestFreeId(): Promise<number> {
  const taken = new Set([...(await list('Users', 'UniqueID')), ...(await list('Groups', 'PrimaryGroupID'))]);
  for (let id = IDS.highest; id >= IDS.lowest; id -= 1) if (!taken.has(id)) return id;
  throw new OpsError(
    `no id from ${IDS.lowest} to ${IDS.highest} is free for a service account: see dscl . -list /Users UniqueID`,
  );
}

async function create(kind: string, name: string, attributes: Record<string, string | number>): Promise<void> {
  await dscl('-create', `/${kind}/${name}`);
  for (const [key, value] of Object.entries(attributes)) await dscl('-create', `/${kind}/${name}`, key, String(value));
}

async function list(kind: string, key: string): Promise<number[]> {
  const text = (await dscl('-list', `/${kind}`, key)) ?? '';
  return [...text.matchAll(/\s(-?\d+)$/gm)].map(([, id]) => Number(id));
}

async function read(kind: string, name: string, key: string): Promise<number | null> {
  const text = await dscl('-read', `/${kind}/${name}`, key);
  const value = new RegExp(`^${key}: (\\d+)$`, 'm').exec(text ?? '')?.[1];
  return value === undefined ? null : Number(value);
}

/** Null where there is no such record. @throws OpsError with what dscl said otherwise. */
async function dscl(...args: string[]): Promise<string | null> {
  const ended = await execa('dscl', ['.', ...args], { reject: false, timeout: TIMEOUT_MS, stdin: 'ignore' });
  if (ended.exitCode === 0) return ended.stdout;
  if (ended.exitCode === NOT_FOUND && args[0] === '-read') return null;
  throw new OpsError(`dscl . ${args.join(' ')}: ${ended.stderr || ended.shortMessage || 'no answer'}`);
}
