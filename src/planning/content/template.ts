import Mustache from 'mustache';
import { resolved, type SecretValues, type TemplateContent } from './content.ts';

type Token = readonly [type: string, name: string, start: number, end: number, children?: readonly Token[]];
type Variables = TemplateContent['variables'];

/** What is wrong with a template and its variables, or null. */
export function templateProblem(template: string, variables: Variables): string | null {
  const tags = tagsOf(template);
  if (typeof tags === 'string') return `the template cannot be read: ${tags}`;
  const used = new Set(tags.map(({ name }) => name));
  const spare = Object.keys(variables).find((name) => !used.has(name));
  if (spare !== undefined) return `the template does not use the variable ${spare}`;
  return tags.map((tag) => tagProblem(tag, variables)).find((problem) => problem !== null) ?? null;
}

interface Tag {
  type: string;
  name: string;
}

function tagProblem({ type, name }: Tag, variables: Variables): string | null {
  if (type === '>') return `a template takes no other template: {{> ${name}}}`;
  if (!Object.hasOwn(variables, name)) return `the template uses ${name}, which is none of the variables`;
  const isSection = type === '#' || type === '^';
  if (isSection === (typeof variables[name] === 'boolean')) return null;
  return isSection
    ? `the section ${name} asks a variable that is not true or false`
    : `${name} is true or false: it can only be asked by a section`;
}

function tagsOf(template: string): Tag[] | string {
  try {
    return flat(new Mustache.Writer().parse(template));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function flat(tokens: readonly Token[]): Tag[] {
  const tags = tokens.filter(([type]) => !['text', '!', '='].includes(type));
  return tags.flatMap(([type, name, , , children]) => [
    { type, name },
    ...flat(Array.isArray(children) ? children : []),
  ]);
}

/** The template with its variables in it, as they are: nothing is escaped. */
export function filled({ template, variables }: TemplateContent, secrets: SecretValues): string {
  const view = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, resolved(value, secrets)]));
  // A writer of its own: the library's keeps every template for ever.
  return new Mustache.Writer().render(template, view, undefined, { escape: (value: string) => value });
}
