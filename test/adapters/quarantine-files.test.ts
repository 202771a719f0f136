import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { quarantineIn } from '../../src/adapters/quarantine-files.ts';
import { Redactor } from '../../src/secret.ts';
import { temporaryFolder } from '../services/support.ts';

describe('quarantine', () => {
  it('F32: keeps for its owner alone, in a folder that it makes', async () => {
    const folder = join(temporaryFolder(), 'quarantine');
    const path = await quarantineIn(folder, new Redactor()).keep('a.json', {});
    expect([path, readFileSync(path, 'utf8')]).toEqual([join(folder, 'a.json'), '{}']);
    expect([folder, path].map((name) => (statSync(name).mode & 0o777).toString(8))).toEqual(['700', '600']);
  });

  it('T24: keeps no secret that is known', async () => {
    const files = quarantineIn(temporaryFolder(), new Redactor(['hunter2-hunter2']));
    const path = await files.keep('a.json', { contents: ['x', '{"hunter2-hunter2":"hunter2-hunter2\\n"}'] });
    expect(JSON.parse(readFileSync(path, 'utf8')).contents).toEqual(['x', '{"[secret]":"[secret]\\n"}']);
  });

  it('T14: keeps the newest 200, and 256 KiB of each', async () => {
    const folder = temporaryFolder();
    const files = quarantineIn(folder, new Redactor());
    for (let n = 100; n < 305; n += 1) await files.keep(`${n}.json`, { x: 'x'.repeat(n === 300 ? 1_000_000 : 1) });
    const names = readdirSync(folder).toSorted();
    expect([names.length, names[0], names.at(-1)]).toEqual([200, '105.json', '304.json']);
    expect(statSync(join(folder, '300.json')).size).toBe(256 * 1024);
  });
});
