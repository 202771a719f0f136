import type { EnvironmentChange } from '../../contract/ops-output.ts';
import { withBlock } from './block.ts';
import { type Content, ContentError, type SecretValues } from './content.ts';
import { variableChanges, withVariables } from './environment.ts';
import { withKeys } from './keys.ts';
import { withLine } from './line.ts';
import { filled } from './template.ts';

/** More than any file that is edited by hand or by line. */
const LARGEST_BYTES = 1024 * 1024;
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
  const text = decoded(present);
  const bom = text.startsWith(BOM) ? BOM : '';
  const before = text.slice(bom.length);
  const after = attempted(before, content, secrets);
  const environment = content.type === 'environment' ? variableChanges(before, after, content) : [];
  return { text: bom + after, environment };
}

type Edit = Exclude<Content, { type: 'text' | 'template' }>;

function attempted(text: string, content: Edit, secrets: SecretValues): string {
  try {
    return edited(text, content, secrets);
  } catch (error) {
    // What else a parser says may quote the file.
    throw error instanceof ContentError ? error : new ContentError('cannot be understood');
  }
}

function edited(text: string, content: Edit, secrets: SecretValues): string {
  switch (content.type) {
    case 'block':
      return withBlock(text, content);
    case 'line':
      return withLine(text, content);
    case 'keys':
      return withKeys(text, content, secrets);
    case 'environment':
      return withVariables(text, content, secrets);
  }
}

function decoded(bytes: Uint8Array): string {
  if (bytes.byteLength > LARGEST_BYTES) throw new ContentError('is larger than 1 MiB: write it as a whole');
  const buffer = Buffer.from(bytes);
  if (buffer.subarray(0, 6).toString('latin1') === 'bplist')
    throw new ContentError('is a binary property list: have plutil -convert xml1 make a text of it first');
  const text = buffer.toString();
  if (text.includes('\0') || !Buffer.from(text).equals(buffer)) throw new ContentError('is no text in UTF-8');
  return text;
}
