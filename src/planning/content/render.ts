import type { EnvironmentChange } from '../../contract/ops-output.ts';
import { withBlock } from './block.ts';
import { type Content, ContentError, type KeyFormatName, type SecretValues } from './content.ts';
import { WRITTEN_AS, withVariables } from './environment.ts';
import { pageOf, withKeys } from './keys.ts';
import { withLine } from './line.ts';
import { filled } from './template.ts';

const KIB = 1024;
/** More than any file that is edited by line. */
const LARGEST = 1024 * KIB;
/** What is read before and after a change, in which the daemon does nothing else. Measured: 0.1 s each, on a slow core. */
const LARGEST_READ: Record<KeyFormatName, number> = {
  yaml: 128 * KIB,
  json: 512 * KIB,
  ini: 512 * KIB,
  plist: 512 * KIB,
  env: 512 * KIB,
};
const BOM = '\uFEFF';

export interface Rendered {
  text: string;
  /** The environment variables that it changes. */
  environment: EnvironmentChange[];
}

/**
 * What a file holds once a content is brought into what it holds now (nothing where it is not there).
 * @throws ContentError where it cannot be: it says why, with the line, and quotes nothing of the file.
 */
export function rendered(present: Uint8Array, content: Content, secrets: SecretValues): Rendered {
  if (content.type === 'text') return { text: content.text, environment: [] };
  if (content.type === 'template') return { text: filled(content, secrets), environment: [] };
  const text = decoded(present, largestOf(content));
  const bom = text.startsWith(BOM) ? BOM : '';
  const next = attempted(text.slice(bom.length), content, secrets);
  return { ...next, text: bom + next.text };
}

type Edit = Exclude<Content, { type: 'text' | 'template' }>;

function attempted(text: string, content: Edit, secrets: SecretValues): Rendered {
  try {
    return edited(text, content, secrets);
  } catch (error) {
    // What else a parser says may quote the file.
    throw error instanceof ContentError ? error : new ContentError('cannot be understood');
  }
}

function edited(text: string, content: Edit, secrets: SecretValues): Rendered {
  switch (content.type) {
    case 'block':
      return { text: withBlock(text, content), environment: [] };
    case 'line':
      return { text: withLine(text, content), environment: [] };
    case 'keys':
      return { text: withKeys(pageOf(content.format, text), content, secrets).text, environment: [] };
    case 'environment':
      return withVariables(text, content, secrets);
  }
}

function largestOf(content: Edit): number {
  if (content.type === 'keys') return LARGEST_READ[content.format];
  return content.type === 'environment' ? LARGEST_READ[WRITTEN_AS[content.format]] : LARGEST;
}

function decoded(bytes: Uint8Array, largest: number): string {
  if (bytes.byteLength > largest) {
    const byLine = largest < LARGEST ? 'change it by line (config.line, config.block), or ' : '';
    throw new ContentError(`is larger than ${largest / KIB} KiB: ${byLine}write it as a whole`);
  }
  const buffer = Buffer.from(bytes);
  if (buffer.subarray(0, 6).toString('latin1') === 'bplist')
    throw new ContentError('is a binary property list: have plutil -convert xml1 make a text of it first');
  const text = buffer.toString();
  if (text.includes('\0') || !Buffer.from(text).equals(buffer)) throw new ContentError('is no text in UTF-8');
  return text;
}
