import type { PresentFile } from '../planning/facts.ts';
import type { FileStep } from '../planning/step.ts';
import { differenceOf } from './difference.ts';

interface Change {
  present: string;
  /** With references in the place of secrets. */
  next: string;
  wanted: PresentFile;
  secrets: readonly string[];
}

/** What would become of the file: mode, owner, and the difference. */
export function previewOf({ path, before }: FileStep, { present, next, wanted, secrets }: Change): string {
  const lines: string[] = [];
  if (!before.exists || before.mode !== wanted.mode) lines.push(`mode ${wanted.mode}`);
  if (!before.exists || before.uid !== wanted.uid || before.gid !== wanted.gid)
    lines.push(`owner ${wanted.uid}:${wanted.gid}`);
  if (!before.exists || before.sha256 !== wanted.sha256) {
    const difference = differenceOf(
      { name: before.exists ? path : '/dev/null', text: present },
      { name: path, text: next },
    );
    lines.push(secrets.length > 0 ? withoutValues(difference, secrets) : difference);
  }
  return lines.length > 0 ? lines.join('\n') : `${path} is already so`;
}

/** A line that goes may hold a secret as it was before. */
function withoutValues(difference: string, secrets: readonly string[]): string {
  const [from = '', to = '', ...lines] = difference.split('\n');
  const shown = lines.map((line) => (line.startsWith('-') ? '-[not shown: it may hold a secret]' : line));
  const note = `(a preview fetches no secret; a line with one may be so already: ${secrets.join(', ')})`;
  return [from, to, ...shown, note].join('\n');
}
