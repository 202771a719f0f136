import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { containersOf } from '../../../src/adapters/containers/index.ts';
import { loadConfig } from '../../../src/config.ts';
import { temporaryFolder } from '../../services/support.ts';

it('has nothing of the home mounted, and what is protected only to be read', async () => {
  const folder = realpathSync(temporaryFolder());
  for (const name of ['home/etc/secrets', 'home/var', 'source/lib']) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'home/etc/ops.yaml'), `host: mini-1\nprotect: [${folder}/source]\n`);
  const engine = containersOf(loadConfig(join(folder, 'home')));
  const obstacleTo = (name: string, more: { read_only?: true } = {}) => {
    const volumes = [{ host: join(folder, name), container: '/x', ...more }];
    return engine.obstacleTo({ name: 'web', image: `sha256:${'a'.repeat(64)}`, volumes });
  };
  for (const name of ['home', 'home/var', 'home/etc', 'home/etc/secrets'])
    expect(await obstacleTo(name, { read_only: true })).toMatch(/only the daemon may see/);
  expect(await obstacleTo('source/lib')).toMatch(/protected: mount it read_only/);
});
