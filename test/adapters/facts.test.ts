import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { factReader } from '../../src/adapters/facts.ts';
import { files } from '../../src/adapters/files.ts';
import { TestSupervisor } from '../support/supervisor.ts';

const facts = factReader({
  files,
  schedules: { fact: () => ({ exists: false }), all: () => ({ now: 0, schedules: [] }) },
  supervisors: new TestSupervisor().all,
});
const owner = (name: string | null) => facts.answer({ ask: 'owner', owner: name });

describe('facts', () => {
  it('of an owner are numbers', async () => {
    const { username, uid, gid } = userInfo();
    expect(await owner(username)).toEqual({ uid, gid });
    expect(await owner('12:34')).toEqual({ uid: 12, gid: 34 });
    expect(await owner(null)).toBeNull();
  });

  it.each(['no-such-user', '--help', '-G', '$(id)', '; id'])('T20: of %s, who is nobody, say so', async (name) => {
    await expect(owner(name)).rejects.toThrow(`there is no user ${name} on this host`);
  });

  it('of a file are what it is', async () => {
    expect(await facts.answer({ ask: 'file', path: import.meta.filename })).toMatchObject({ exists: true });
  });
});
