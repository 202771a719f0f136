import { symlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ContainerEngine } from '../../src/adapters/containers/engine.ts';
import { directories } from '../../src/adapters/directories.ts';
import { factReader } from '../../src/adapters/facts.ts';
import { files } from '../../src/adapters/files.ts';
import { links } from '../../src/adapters/links.ts';
import type { SandboxHere } from '../../src/adapters/sandbox/sandbox.ts';
import type { AppFact } from '../../src/planning/facts.ts';
import { appFact, handedOver } from '../jobs/apps.ts';
import { temporaryFolder } from '../services/support.ts';
import { memoryStores } from '../support/stores.ts';
import { TestSupervisor } from '../support/supervisor.ts';

const engine = new ContainerEngine({ named: '/nowhere', env: {}, guarded: () => ({ hidden: [], readOnly: [] }) });
const stores = memoryStores();
const NO_APPS = async (): Promise<AppFact> => Promise.reject(new Error('there are no apps'));
const factsWith = (sandbox: SandboxHere, app = NO_APPS) =>
  factReader({
    sandbox,
    app,
    offLimits: { own: [], code: [], userHome: null, protect: ['/srv/shop'] },
    files,
    containers: engine,
    kept: async () => ({ now: 0, containers: [] }),
    upgrades: { installed: async () => null },
    directories,
    links,
    schedules: { fact: () => ({ exists: false }), all: () => ({ now: 0, schedules: [] }) },
    stores,
    supervisors: new TestSupervisor().all,
  });
const SANDBOX: SandboxHere = { name: 'bubblewrap', confine: () => ({ prefix: [], filter: null }) };
const facts = factsWith(SANDBOX);
const setting = (name: string) => facts.answer({ ask: 'setting', store: 'default', name });
const owner = (name: string | null) => facts.answer({ ask: 'owner', owner: name });

function inFront(file: string) {
  const { hand_over } = handedOver();
  return hand_over && { ...hand_over, front: { ...hand_over.front, file } };
}

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

  it('of a setting are what its store says', async () => {
    await stores.default.set('com.example.app/a', 'int 5');
    expect(await setting('com.example.app/a')).toEqual({ value: 'int 5' });
    expect(await setting('com.example.app/b')).toEqual({ value: null });
  });

  it('of a package are its version, and those that can be had', async () => {
    await stores.apt.set('jq', '1.5');
    stores.apt.offers.set('jq', { versions: ['1.6', '1.5'], candidate: '1.6' });
    const fact = { value: '1.5', versions: ['1.6', '1.5'], candidate: '1.6' };
    expect(await facts.answer({ ask: 'package', manager: 'apt', name: 'jq' })).toEqual(fact);
  });

  it('of a directory and of a link are what they are', async () => {
    expect(await facts.answer({ ask: 'directory', path: import.meta.dirname })).toMatchObject({ exists: true });
    const path = join(temporaryFolder(), 'link');
    await symlink('nowhere', path);
    expect(await facts.answer({ ask: 'link', path })).toEqual({ target: 'nowhere' });
  });

  it('of a file are what it is', async () => {
    expect(await facts.answer({ ask: 'file', path: import.meta.filename })).toMatchObject({ exists: true });
  });

  it.each([
    ['its root', { root: '/srv/shop/staging' }],
    ['the file of its front', { hand_over: inFront('/srv/shop/front.conf') }],
  ])('of an app are refused where %s is protected source', async (_, more) => {
    const place = { ...handedOver(), ...more };
    const ofPlace = factsWith(SANDBOX, async () => appFact({ place }));
    const query = { ask: 'app', app: 'web', environment: 'staging', version: null } as const;
    await expect(ofPlace.answer(query)).rejects.toThrow(/lies in \/srv\/shop, which etc\/ops.yaml protects/);
  });

  it.each(['file', 'directory', 'link'] as const)('of a %s of protected source are refused', async (ask) => {
    const asked = facts.answer({ ask, path: '/srv/shop/main.js' });
    await expect(asked).rejects.toThrow('/srv/shop/main.js lies in /srv/shop, which etc/ops.yaml protects');
  });

  it('of the sandbox are its name, or why there is none', async () => {
    expect(await facts.answer({ ask: 'sandbox' })).toBe('bubblewrap');
    await expect(factsWith({ problem: 'install it' }).answer({ ask: 'sandbox' })).rejects.toThrow('install it');
  });
});
