import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Trials } from '../trial.ts';

let port = 0;

export const trials: Trials = {
  'of what is well': {
    arrange: async ({ folder }) => {
      writeFileSync(join(folder, 'app.pid'), '1\n');
      const server = createServer((_, response) => void response.end()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      ({ port } = server.address() as AddressInfo);
    },
    adapt: () => [['127.0.0.1:8080', `127.0.0.1:${port}`]],
  },
};
