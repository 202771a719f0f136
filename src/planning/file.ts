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
  mode: z
    .string()
    .regex(/^0[0-7]{3}$/, 'expected a quoted mode like "0644"')
    .optional()
    .describe('The present one where absent, "0644" for a new file; "0600" where secrets would be open to all.'),
  owner: OwnerName.optional().describe('A user or `<uid>:<gid>`; the present one where absent.'),
  check: Probe.optional().describe('Of what reads the file; that the file was written where absent.'),
};

/** The same for one that changes a part of the file. */
export const editFields = {
  ...fileFields,
  create: z.literal(true).optional().describe('Begin with an empty file where there is none; refused where absent.'),
};

export const TextLine = z
  .string()
  .min(1)
  .max(8192)
  .regex(/^[^\r\n\0]*$/, 'expected one line');

/** Where lines go that are not there yet. */
export const placeFields = {
  after: TextLine.optional().describe('Behind this line, which stands there once, where it is not there yet.'),
  before: TextLine.optional().describe('Before this line; at the end of the file where both are absent.'),
};
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
