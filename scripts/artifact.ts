/** `npm run artifact`: packs this version for `infra.upgrade`, and says what a task must say of it. */
import { join } from 'node:path';
import { makeArtifact } from '../src/install/artifact.ts';
import { VERSION } from '../src/version.ts';

const folder = join(import.meta.dirname, '../artifacts');
const sha256 = await makeArtifact(folder, process.execPath);
process.stdout.write(`${join(folder, `${sha256}.tar.gz`)}

  - action: infra.upgrade
    with:
      version: ${VERSION}
      artifact: sha256:${sha256}
    irreversible: true
`);
