import { z } from 'zod';
import { isInOneForm } from '../contract/need.ts';
import { isSecretRef, isTextOrRef, NOT_A_REF } from './secret-ref.ts';

/** Program and arguments; no shell reads them. */
export const Argv = z
  .array(
    z
      .string()
      .max(8192)
      .refine(withoutNul, 'a NUL cannot be passed')
      .refine(
        (word) => !isSecretRef(word),
        'a secret is no argument, where everybody sees it: pass it in env or stdin',
      ),
  )
  .min(1)
  .max(256)
  .refine(
    (argv) => isProgram(argv[0] ?? ''),
    'expected a program: a name, or an absolute path without //, ., .. or a slash at its end',
  )
  .meta({ title: 'program and arguments' });

export const AbsolutePath = z
  .string()
  .min(2)
  .max(1024)
  .refine(withoutNul, 'a NUL cannot be passed')
  .refine((path) => path.startsWith('/'), 'expected an absolute path')
  .refine(isInOneForm, 'expected a path without //, ., .. or a slash at its end')
  .meta({ title: 'absolute path' });

/** A user's name (with its own group) or `<uid>:<gid>`. */
export const OwnerName = z
  .string()
  .regex(/^([a-z_][a-z0-9_.-]{0,31}|\d{1,10}:\d{1,10})$/, 'expected a user name or <uid>:<gid>');

export const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'expected a variable name');

/** Environment variables by name: their values, or references to secrets. */
export const Variables = z.record(VariableName, valueOrRef()).meta({ title: 'variables: text or `secret:…`, by name' });

/** The same for what fetches no secrets. */
export const PlainVariables = Variables.refine(
  (variables) => !Object.values(variables).some(isSecretRef),
  'nobody fetches secrets there',
);

/** pm2 takes the variables of an app for settings of its own, such as its program: those it has in small letters. */
export const setsPm2 = (variables: Readonly<Record<string, string>>): boolean =>
  Object.keys(variables).some((name) => /[a-z]/.test(name));
export const SETS_PM2 = 'pm2 takes a name with small letters for a setting of its own, e.g. pm_exec_path: use capitals';

/** What a template uses, by name: texts or references to secrets, or what its sections ask. */
export const TemplateVariables = z.record(VariableName, z.union([valueOrRef(), z.boolean()]));

/** What something needs for itself: `path:/etc/nginx` covers what is below it; other kinds are plain names, `service:web`. */
export const ResourceName = z
  .string()
  .refine(
    (name) =>
      name.startsWith('path:') ? AbsolutePath.safeParse(name.slice(5)).success : /^[a-z]+:\S{1,1024}$/.test(name),
    {
      message: 'expected path:<absolute path in its one form> or <kind>:<name>',
    },
  )
  .meta({ title: '`path:<absolute path>` or `<kind>:<name>`' });

/** An address as it was signed: what `fetch` would tidy up is refused. */
export const HttpUrl = z
  .string()
  .max(2048)
  .regex(/^https?:\/\/[\u0021-\u007e]+$/, 'expected http:// or https:// and no spaces')
  .refine((url) => URL.canParse(url), 'expected a URL')
  .meta({ title: 'http or https address' });

/** Any value of JSON's kinds, or a reference to a secret by itself. */
export const JsonOrRef = z
  .json()
  .refine((value) => typeof value !== 'string' || isTextOrRef(value), NOT_A_REF)
  .refine((value) => typeof value !== 'object' || !holdsRef(value), 'a secret is a value by itself, not a part of one');

function holdsRef(value: unknown): boolean {
  if (typeof value === 'string') return isSecretRef(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsRef);
}

function valueOrRef() {
  return z.string().max(8192).refine(withoutNul, 'a NUL cannot be passed').refine(isTextOrRef, NOT_A_REF);
}

/** Which program another path means depends on links and the working directory. */
function isProgram(word: string): boolean {
  if (!word.includes('/')) return word !== '';
  return word.startsWith('/') && isInOneForm(word);
}

function withoutNul(text: string): boolean {
  return !text.includes('\0');
}
