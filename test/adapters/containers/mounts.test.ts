import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mountFault } from '../../../src/adapters/containers/mounts.ts';
import { temporaryFolder } from '../../services/support.ts';

const IMAGE = `sha256:${'a'.repeat(64)}`;

function setUp() {
  const folder = realpathSync(temporaryFolder());
  for (const name of ['var', 'source/lib', 'data']) mkdirSync(join(folder, name), { recursive: true });
  const guarded = { hidden: [join(folder, 'var')], readOnly: [join(folder, 'source')] };
  const fault = (host: string, more: { read_only?: true } = {}) => {
    const volumes = [{ host, container: '/x', ...more }];
    return mountFault({ name: 'web', image: IMAGE, volumes }, guarded);
  };
  return { folder, at: (name: string) => join(folder, name), fault };
}

describe('a mount', () => {
  it('is what policy judged, and is there', () => {
    const { at, fault } = setUp();
    expect(fault(at('data'))).toBeNull();
    writeFileSync(at('a.conf'), '');
    expect(fault(at('a.conf'))).toBeNull();
    expect(fault(at('none'))).toMatch(/cannot be mounted: ENOENT/);
    symlinkSync(at('var'), at('link'));
    expect(fault(at('link'))).toMatch(/leads to .*var: name that/);
  });

  it('is not what only the daemon may see, not from above or below either', () => {
    const { folder, at, fault } = setUp();
    mkdirSync(at('var/keys'));
    for (const path of [at('var'), at('var/keys'), folder, '/tmp'])
      expect(fault(path, { read_only: true })).toMatch(/only the daemon may see/);
  });

  it('is read-only where it is or holds what is protected', () => {
    const { at, fault } = setUp();
    for (const path of [at('source'), at('source/lib')]) {
      expect(fault(path)).toMatch(/protected: mount it read_only/);
      expect(fault(path, { read_only: true })).toBeNull();
    }
  });

  it('is no socket: it may be that of the engine', async () => {
    const { at, fault } = setUp();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('docker.sock'), resolve));
    onTestFinished(() => void server.close());
    expect(fault(at('docker.sock'))).toMatch(/neither a file nor a folder/);
  });
});
