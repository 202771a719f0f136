import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

/** A registry of the one image in an OCI folder; it answers what a pull by digest asks. */
export async function registryOf(folder: string): Promise<AsyncDisposable & { host: string; digest: string }> {
  const [{ digest }] = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')).manifests;
  const server = createServer(({ url = '' }, response) => {
    const [, kind, sha256 = ''] = /^\/v2\/shop\/web\/(manifests|blobs)\/sha256:([0-9a-f]{64})$/.exec(url) ?? [];
    const path = join(folder, 'blobs/sha256', sha256);
    if (!kind || !existsSync(path)) return void response.writeHead(url === '/v2/' ? 200 : 404).end();
    const body = readFileSync(path);
    response.writeHead(200, { 'content-type': kind === 'manifests' ? MANIFEST : 'application/octet-stream' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    digest,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
