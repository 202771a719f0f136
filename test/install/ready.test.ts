import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeAsRoot } from '../doubles/as-root.ts';
import { InstalledHost } from './installed-host.ts';

describeAsRoot('an installed host', () => {
  let host: InstalledHost;
  let ops: string;
  beforeAll(async () => {
    host = await InstalledHost.make();
    ops = host.package();
    await host.install(ops);
  }, 60_000);
  afterAll(() => host[Symbol.asyncDispose]());

  it('cannot send root elsewhere by the address that the daemon says', async () => {
    const asked: string[] = [];
    let says = 302;
    await using server = createServer(({ url }, response) => {
      asked.push(url ?? '');
      response.writeHead(says, { location: '/elsewhere' }).end();
      says = 200;
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const text = readFileSync(host.home.var.daemon, 'utf8');
    const dashboard = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(host.home.var.daemon, JSON.stringify({ ...JSON.parse(text), dashboard }));
    expect((await host.run(ops, 'install')).exitCode).toBe(0);
    writeFileSync(host.home.var.daemon, text);
    expect(asked).toEqual(['/readyz', '/readyz']);
  }, 30_000);

  it('without its plist is first mended, then upgraded', async () => {
    await host.takeOut();
    rmSync(join(host.mac.launchDaemons, 'com.savorg.ops.plist'));
    const { exitCode, stderr } = await host.run(host.package({ version: '0.3.0' }), 'upgrade');
    expect([exitCode, stderr]).toEqual([
      1,
      `ops: ${host.mac.launchDaemons}/com.savorg.ops.plist is missing: mend 0.1.0 first, by "sudo ops install"`,
    ]);
  }, 30_000);
});
