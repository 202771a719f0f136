/** Makes what the server serves: the page, with its version in it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const at = (...names) => join(import.meta.dirname, ...names);
const version = readFileSync(at('VERSION'), 'utf8').trim();
mkdirSync(at('built'));
writeFileSync(at('built/version.json'), `${JSON.stringify({ version })}\n`);
writeFileSync(at('built/page.html'), readFileSync(at('page.html'), 'utf8').replaceAll('{{version}}', version));
process.stdout.write(`built ${version}\n`);
