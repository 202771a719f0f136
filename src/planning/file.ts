import { z } from 'zod';
import { pathNeed } from '../contract/need.ts';
import { checkSteps } from './command.ts';
import { type Content, type Place, secretRefsOf } from './content/content.ts';
import { type Facts, isOpenToAll } from './facts.ts';
import { AbsolutePath, OwnerName } from './input.ts';
import { Probe } from './probe.ts';
import type { FileStep, Step } from './step.ts';

/** What every action that writes a file accepts besides its content. */
export const fileFields = {
  path: AbsolutePath,
  /** Four octal digits, quoted. The present mode where absent, 0644 for a new file; 0600 where secrets would be open to all. */
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'expected a quoted mode like "0644"')
    .optional(),
  /** The present owner where absent. */
  owner: OwnerName.optional(),
  /** A health check of what reads the file; where absent, that the file was written. */
  check: Probe.optional(),
};

/** The same for one that changes a part of the file. */
export const editFields = {
  ...fileFields,
  /** Begin with an empty file where there is none; without it that is refused. */
  create: z.literal(true).optional(),
};

export const TextLine = z
  .string()
  .min(1)
  .max(8192)
  .regex(/^[^\r\n\0]*$/, 'expected one line');

/** Where lines go that are not there yet: behind or before a line, which is named in full and stands there once; at the end where absent. */
export const placeFields = { after: TextLine.optional(), before: TextLine.optional() };
type PlaceInput = z.infer<z.ZodObject<typeof placeFields>>;

export const ONE_PLACE = 'expected either after or before';
export const hasOnePlace = ({ after, before }: PlaceInput): boolean => after === undefined || before === undefined;

export function placeOf({ after, before }: PlaceInput): Place {
  if (after !== undefined) return { after };
  return before === undefined ? { at: 'end' } : { before };
}

type FileInput = z.infer<z.ZodObject<typeof fileFields>>;
type EditInput = z.infer<z.ZodObject<typeof editFields>>;
export type FileQueries = { file: { ask: 'file'; path: string }; owner: { ask: 'owner'; owner: string | null } };

/** What every action that writes a file has in common. */
export const fileTraits = {
  changes: true,
  reversible: () => true,
  resources: ({ path }: FileInput): string[] => [pathNeed(path)],
  subjects: (): string[] => [],
  check: ({ check }: FileInput): Probe | undefined => check,
  facts: ({ path, owner }: FileInput): FileQueries => ({
    file: { ask: 'file', path },
    owner: { ask: 'owner', owner: owner ?? null },
  }),
};

export const fileNeeds = ({ path }: FileInput, content: Content): string[] => [
  pathNeed(path),
  ...secretRefsOf(content),
];

/** For schemas: a mode that shows secrets to everybody. */
export const hidesSecrets = ({ mode }: FileInput, content: Content): boolean =>
  mode === undefined || !isOpenToAll(mode) || secretRefsOf(content).length === 0;
export const SHOWS_SECRETS =
  'the file would hold secrets, and its mode lets everybody read or change it: end it with 0';

export function fileStep(
  input: FileInput,
  { file, owner }: Facts<FileQueries>,
  title: string,
  content: Content,
): FileStep {
  const { path, mode } = input;
  return { kind: 'file', target: path, title, path, content, mode: mode ?? null, owner, before: file };
}

/** @throws Error where there is no file to change. */
export function editSteps(input: EditInput, facts: Facts<FileQueries>, title: string, content: Content): Step[] {
  if (!facts.file.exists && !input.create)
    throw new Error(`${input.path} does not exist: say create: true if it shall begin as an empty file`);
  return [fileStep(input, facts, title, content), ...checkSteps(input.check)];
}
