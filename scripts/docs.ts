/** `npm run docs`: writes the pages that are made of schemas and of the registry. A test holds the committed ones to it. */
import { writeFileSync } from 'node:fs';
import { pages } from './docs/pages.ts';

for (const [path, text] of pages()) writeFileSync(path, text);
