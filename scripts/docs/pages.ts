import { join } from 'node:path';
import { actionsPage } from './actions.ts';
import { configurationPage } from './configuration.ts';

const DOCS = join(import.meta.dirname, '../../docs');

/** Path and text of each page that is generated. */
export const pages = (): [path: string, text: string][] => [
  [join(DOCS, 'actions.md'), actionsPage()],
  [join(DOCS, 'configuration.md'), configurationPage()],
];
