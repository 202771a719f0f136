import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import { OpsError } from '../../errors.ts';
import { files } from '../files.ts';

/**
 * The text of the file that defines a service, and its digest; null and empty where there is none.
 * @throws OpsError where it is no text; and what the system says of a file that cannot be read.
 */
export async function definitionAt(path: string): Promise<{ text: string | null; digest: string }> {
  const content = await files.read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (content === null) return { text: null, digest: '' };
  if (!isUtf8(content)) throw new OpsError(`${path} is no text (a plist becomes one by: plutil -convert xml1 ${path})`);
  return { text: content.toString(), digest: hash('sha256', content) };
}
