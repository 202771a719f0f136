import type { Refusal } from './alter.ts';
import { FORM } from './form.ts';
import { PERMISSION } from './permission.ts';
import { SECRETS } from './secrets.ts';
import { STANDING } from './standing.ts';
import { TOKENS } from './tokens.ts';

/** One row for every way in which a submission is refused: each is valid but for what `alter` does to it. */
export const REFUSALS: readonly Refusal[] = [...FORM, ...TOKENS, ...STANDING, ...SECRETS, ...PERMISSION];
