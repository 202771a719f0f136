const PREFIX = 'secret:';
const NAME = '[A-Za-z0-9_@][A-Za-z0-9._@-]*';

/** What stands after the source, by source. */
const FORMS = {
  file: NAME,
  age: NAME,
  env: NAME,
  keychain: `${NAME}/${NAME}`,
  op: `${NAME}/${NAME}/${NAME}(?:/${NAME})?`,
};
export type SecretSourceName = keyof typeof FORMS;

const ONE_FORM = new RegExp(
  `^${PREFIX}(?:${Object.entries(FORMS)
    .map(([source, rest]) => `${source}/${rest}`)
    .join('|')})$`,
);

const LONGEST = 300;

/** Whether it is meant as a reference: nothing else may begin like one. */
export const isSecretRef = (text: string): boolean => text.startsWith(PREFIX);

/** The references among these, each once. */
export const secretsIn = (values: readonly string[]): string[] => [...new Set(values.filter(isSecretRef))];

/** Plain text, or a reference in its one form. */
export const isTextOrRef = (text: string): boolean => !isSecretRef(text) || isWellFormed(text);
export const NOT_A_REF =
  'begins like a secret, but is not secret:file/<name>, secret:age/<name>, secret:env/<NAME>, secret:keychain/<service>/<account> or secret:op/<vault>/<item>/<field>';

/**
 * A reference names a secret by where it is kept, e.g. `secret:file/db-password`: the source, and the name there, which is
 * of letters, digits and `._@-`. @throws Error where it has not its one form.
 */
export function partsOfRef(ref: string): { source: SecretSourceName; name: string } {
  if (!isWellFormed(ref)) throw new Error(NOT_A_REF);
  const [source = '', ...names] = ref.slice(PREFIX.length).split('/');
  return { source: source as SecretSourceName, name: names.join('/') };
}

/** Whether it is a reference in its one form. */
export const isWellFormed = (text: string): boolean => text.length <= LONGEST && ONE_FORM.test(text);
