import { existsSync, readFileSync } from 'node:fs';
import { applyPatch } from 'diff';
import { expect } from 'vitest';
import type { Step } from '../../src/planning/step.ts';
import type { Picture } from './picture.ts';

/** What stands in the file that a step writes; empty where there is none. */
export const textAt = (step: Step): string =>
  step.kind === 'file' && existsSync(step.path) ? readFileSync(step.path, 'utf8') : '';

/** Expects that a file became what its preview shows: the diff applied to the text before gives the text that is there now. */
export function expectShown(step: Step, preview = '', textBefore = '', after: Picture = {}): void {
  if (step.kind !== 'file') return;
  const diff = preview.indexOf('--- ');
  expect(diff < 0 ? textBefore : applyPatch(textBefore, `${preview.slice(diff)}\n`)).toBe(textAt(step));
  const [, mode] = /^mode (\d{4})$/m.exec(preview) ?? [];
  const [, owner] = /^owner (\d+:\d+)$/m.exec(preview) ?? [];
  if (mode) expect(after[step.path]).toMatch(new RegExp(`^10${mode} `));
  if (owner) expect(after[step.path]).toContain(` ${owner},`);
}
