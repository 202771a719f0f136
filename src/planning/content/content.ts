import { isSecretRef, secretsIn } from '../secret-ref.ts';

export interface TextContent {
  type: 'text';
  text: string;
}

/** A mustache template: `{{name}}` is replaced as it is, and a section asks a variable that is true or false. */
export interface TemplateContent {
  type: 'template';
  template: string;
  /** Values, or references to secrets. */
  variables: Readonly<Record<string, string | boolean>>;
}

/** Where lines go that are not there yet; another line is named in full. */
export type Place = { at: 'end' } | { after: string } | { before: string };

/** Lines between two markers. */
export interface BlockContent {
  type: 'block';
  name: string;
  /** What begins a comment in the file. */
  comment: string;
  /** Null: there is to be no such block. */
  text: string | null;
  place: Place;
}

export interface LineContent {
  type: 'line';
  /** By what the line is known. */
  match: { exactly: string } | { startsWith: string };
  /** Null: there is to be no such line. */
  line: string | null;
  place: Place;
}

export type KeyPath = readonly (string | number)[];
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type KeyFormatName = 'yaml' | 'json' | 'ini' | 'plist' | 'env';

/** Values by their place in the file's own order; a text may be a reference to a secret. */
export interface KeysContent {
  type: 'keys';
  format: KeyFormatName;
  set: readonly { key: KeyPath; value: Json }[];
  remove: readonly KeyPath[];
}

/** An env file, a launchd plist, or the definition of a pm2 process, which is found by its name. */
export type EnvironmentFormat = 'env' | 'launchd' | 'pm2-json' | 'pm2-yaml';

/** The environment variables of one service. */
export interface EnvironmentContent {
  type: 'environment';
  format: EnvironmentFormat;
  service: string;
  /** Values, or references to secrets. */
  set: Readonly<Record<string, string>>;
  remove: readonly string[];
}

/** What a file is to hold: all of it, or a change of what it holds. */
export type Content = TextContent | TemplateContent | BlockContent | LineContent | KeysContent | EnvironmentContent;

/** The values of the references in a content. */
export type SecretValues = ReadonlyMap<string, string>;

/** Why a content cannot be brought into a file, in words that say nothing of what the file holds. */
export class ContentError extends Error {
  override name = 'ContentError';
}

/** Whether it is the whole of the file, whatever stands there. */
export const isWhole = ({ type }: Content): boolean => type === 'text' || type === 'template';

/** The same as changes of one value each, to be made one after the other: values before removals. */
export function oneByOne(content: Content): Content[] {
  if (content.type === 'keys') {
    const set = content.set.map((own) => ({ ...content, set: [own], remove: [] }));
    return [...set, ...content.remove.map((own) => ({ ...content, set: [], remove: [own] }))];
  }
  if (content.type !== 'environment') return [content];
  const set = Object.entries(content.set).map(([name, value]) => ({ ...content, set: { [name]: value }, remove: [] }));
  return [...set, ...content.remove.map((own) => ({ ...content, set: {}, remove: [own] }))];
}

/** The references in it, each once. */
export function secretRefsOf(content: Content): string[] {
  return secretsIn(valuesOf(content).filter((value) => typeof value === 'string'));
}

function valuesOf(content: Content): readonly Json[] {
  if (content.type === 'template') return Object.values(content.variables);
  if (content.type === 'environment') return Object.values(content.set);
  return content.type === 'keys' ? content.set.map(({ value }) => value) : [];
}

/** The value that a reference stands for; all else is what it is. */
export function resolved<T>(value: T, secrets: SecretValues): T | string {
  if (typeof value !== 'string' || !isSecretRef(value)) return value;
  const secret = secrets.get(value);
  if (secret === undefined) throw new ContentError(`${value} was not fetched`);
  return secret;
}
