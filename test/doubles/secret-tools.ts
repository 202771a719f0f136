import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { vi } from 'vitest';
import type { Items } from './secret-tools/items.ts';

/** Puts `security` and `op` with these items into a folder, which comes first on the PATH. */
export function secretTools(folder: string, items: Partial<Items>): { security: string } {
  const file = join(folder, 'items.json');
  writeFileSync(file, JSON.stringify({ keychain: {}, op: {}, token: '', ...items }));
  for (const name of ['security', 'op']) {
    const double = join(import.meta.dirname, `secret-tools/${name}.ts`);
    writeFileSync(join(folder, name), `#!/bin/sh\nexec '${process.execPath}' '${double}' '${file}' "$@"\n`, {
      mode: 0o755,
    });
  }
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`);
  return { security: join(folder, 'security') };
}
