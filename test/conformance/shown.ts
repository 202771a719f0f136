import { existsSync, readFileSync } from 'node:fs';
import { applyPatch } from 'diff';
import { expect } from 'vitest';
import { commandLine } from '../../src/planning/command.ts';
import type { FileStep, Step } from '../../src/planning/step.ts';
import type { Picture } from './picture.ts';

/** What stands in the file that a step writes; empty where there is none. */
export const textAt = (step: Step): string =>
  step.kind === 'file' && existsSync(step.path) ? readFileSync(step.path, 'utf8') : '';

/** Expects that what a step did is what its preview shows, where that can be told of any step of its kind. */
export function expectShown(step: Step, preview = '', textBefore = '', after: Picture = {}): void {
  if (step.kind === 'file') return expectWritten(step, preview, textBefore, after);
  if (step.kind === 'command') return expect(preview).toContain(`would run ${commandLine(step.command.argv)}`);
  if (step.kind !== 'probe')
    throw new Error(`a trial with steps of kind ${step.kind} must say by "shows" what its preview has`);
}

/** The diff applied to the text before gives the text that is there now; mode and owner are as shown, or as they were. */
function expectWritten(step: FileStep, preview: string, textBefore: string, after: Picture): void {
  const diff = preview.indexOf('--- ');
  expect(diff < 0 ? textBefore : applyPatch(textBefore, `${preview.slice(diff)}\n`)).toBe(textAt(step));
  const before = step.before.exists ? step.before : null;
  const mode = /^mode (\d{4})$/m.exec(preview)?.[1] ?? before?.mode;
  const owner = /^owner (\d+:\d+)$/m.exec(preview)?.[1] ?? `${before?.uid}:${before?.gid}`;
  expect(after[step.path]).toMatch(new RegExp(`^10${mode} ${owner}, `));
}
