import { stringify } from 'yaml';
import type { RecordStep } from '../planning/step.ts';

/** What would become of the row, as text. */
export function previewOf(step: RecordStep): string {
  if (step.record === 'slot') return `${step.schedule} would be due at once, besides its own times`;
  const { name, before, after } = step;
  if (after === null) return before.exists ? `${name} would be no schedule any more` : `${name} is no schedule`;
  const isSame = before.exists && before.definition === after.digest && before.paused === after.paused;
  if (after.definition === null) return isSame ? `${name} is already so` : standing(name, after.paused);
  if (isSame) return `${name} is already defined so; it would stand by the signatures of this task from now on`;
  return `${before.exists ? `the definition of ${name} would become` : 'would define'}\n${stringify(after.definition, { lineWidth: 0 }).trimEnd()}`;
}

const standing = (name: string, paused: string): string =>
  `${name} would ${paused === '' ? 'go on' : `be paused: ${paused}`}`;
