import { chmodSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { asUser } from '../../src/adapters/users.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { temporaryFolder } from '../services/support.ts';

const USER = { uid: 202, gid: 202 };
const ROOTS_GROUP = 4711;

describeAsRoot('work as another user', () => {
  it('reads nothing that is for a group of root alone, and is root again after it', async () => {
    const before = process.getgroups?.() ?? [];
    onTestFinished(() => process.setgroups?.(before));
    process.setgroups?.([ROOTS_GROUP]);
    const folder = temporaryFolder();
    chmodSync(folder, 0o755);
    const path = join(folder, 'for-the-group');
    writeFileSync(path, 'secret');
    chownSync(path, 0, ROOTS_GROUP);
    chmodSync(path, 0o640);
    await expect(asUser(USER, () => readFileSync(path))).rejects.toThrow('EACCES');
    expect([process.geteuid?.(), process.getegid?.(), process.getgroups?.()]).toEqual([0, 0, [0]]);
  });
});
