/** `npm run build`: compiled JavaScript with types, and the JSON Schemas of everything on the wire, into `dist`. */
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import * as wire from '../src/contract/index.ts';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

const SCHEMAS = {
  alert: wire.AlertMessage,
  attestation: wire.Attestation,
  control: wire.Control,
  keyring: wire.KeyRing,
  'ops-output': wire.OpsOutput,
  report: wire.Report,
  submission: wire.Submission,
  task: wire.Task,
};

await rm(DIST, { recursive: true, force: true });
await execa('tsc', ['-p', 'tsconfig.build.json'], {
  cwd: ROOT,
  preferLocal: true,
  stdio: ['ignore', 'inherit', 'inherit'],
});
await chmod(join(DIST, 'src/cli/main.js'), 0o755);
await mkdir(join(DIST, 'schemas'), { recursive: true });
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const json = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  await writeFile(join(DIST, 'schemas', `${name}.json`), `${JSON.stringify(json, null, 2)}\n`);
}
