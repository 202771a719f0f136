import { z } from 'zod';
import { formsOf, typeOf } from './type-words.ts';

/** A JSON Schema as far as the tables need one. */
export type Schema = z.core.JSONSchema.BaseSchema;

/** How deep fields of fields are told one by one. */
const DEPTH = 3;

/** What a type takes, from its own definition where it has a name. */
export function schemaOf(type: z.ZodType): Schema {
  const schema = z.toJSONSchema(type, { target: 'draft-2020-12', io: 'output', unrepresentable: 'any' });
  const { id } = type.meta() ?? {};
  return id ? ((schema.$defs ?? {})[id] as Schema) : schema;
}

/** One row a field: its name, what it takes, what it means. Fields of fields are named by their path. */
export function tableOf(schema: Schema): string {
  return ['| field | takes | |', '|---|---|---|', ...rowsOf(schema, '', DEPTH)].join('\n');
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string, depth: number): string[] {
  return Object.entries(properties as Record<string, Schema>).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const optional = required.includes(name) ? '' : ', optional';
    const row = `| \`${path}\`${optional} | ${escaped(typeOf(field))} | ${escaped(field.description ?? '')} |`;
    return [row, ...rowsWithin(field, path, depth - 1)];
  });
}

/** Of an object in a field, and of the objects in a list. What has a name of its own is told elsewhere. */
function rowsWithin(field: Schema, path: string, depth: number): string[] {
  const [form, ...others] = formsOf(field);
  if (depth === 0 || !form || others.length > 0) return [];
  const items = form.items as Schema | undefined;
  return items?.properties ? rowsOf(items, `${path}[].`, depth) : rowsOf(form, `${path}.`, depth);
}

/** What Markdown would take for its own; in code that is the bar alone. */
const escaped = (text: string): string =>
  text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '\\<') : part))
    .join('`')
    .replaceAll('|', '\\|');

/** A table for each form under its `type`, and one of what they have in common. */
export function tablesByType(schema: Schema): string {
  const forms = formsOf(schema);
  const common = new Set(fieldsIn(forms).filter((name) => forms.every(({ properties = {} }) => name in properties)));
  const own = forms.map((form) => `### ${typeNameOf(form)}\n\n${tableOf(only(form, (name) => !common.has(name)))}`);
  const shared = only(forms[0] ?? {}, (name) => common.has(name) && name !== 'type');
  return [...own, `### all of them\n\n${tableOf(shared)}`].join('\n\n');
}

const fieldsIn = (forms: readonly Schema[]): string[] =>
  forms.flatMap(({ properties = {} }) => Object.keys(properties));

const typeNameOf = ({ properties = {} }: Schema): string => `type ${String((properties['type'] as Schema).const)}`;

function only(schema: Schema, wanted: (name: string) => boolean): Schema {
  const fields = Object.entries(schema.properties ?? {}).filter(([name]) => wanted(name));
  return { ...schema, properties: Object.fromEntries(fields) };
}
