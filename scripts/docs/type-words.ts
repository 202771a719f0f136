import type { Schema } from './table.ts';

/** A pattern that is longer tells nobody anything. */
const LONGEST_PATTERN = 48;

/** What a field takes, in words. */
export function typeOf(schema: Schema): string {
  if (schema.$ref) return named(schema.$ref.split('/').at(-1) ?? '');
  if (schema.title) return schema.title;
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  const [form = schema, ...others] = formsOf(schema);
  if (others.length > 0) return [form, ...others].map(formOf).join(' or ');
  return form === schema ? plain(schema) : typeOf(form);
}

/** The forms that a value may have, besides none at all. */
export function formsOf(schema: Schema): Schema[] {
  const forms = schema.anyOf ?? schema.oneOf ?? [schema];
  return forms.filter(({ type }) => type !== 'null');
}

function plain(schema: Schema): string {
  switch (schema.type) {
    case 'string':
      return `text${patternOf(schema)}${lengthOf(schema)}`;
    case 'integer':
    case 'number':
      return `${schema.type === 'integer' ? 'whole number' : 'number'}${rangeOf(schema)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'array':
      return `list of ${typeOf((schema.items ?? {}) as Schema)}${countOf(schema)}`;
    case 'object':
      return objectOf(schema);
    default:
      return 'anything';
  }
}

/** A section of the page. */
const named = (id: string): string => `[${id}](#${id.replaceAll(' ', '-')})`;

const formOf = (schema: Schema): string => (schema.properties && !schema.title ? shapeOf(schema) : typeOf(schema));

function objectOf({ properties, additionalProperties }: Schema): string {
  if (properties) return 'fields';
  const value = (additionalProperties ?? {}) as Schema;
  return value.type || value.$ref ? `${typeOf(value)}, by name` : 'fields';
}

/** e.g. `{ creates: absolute path }` */
const shapeOf = ({ properties = {} }: Schema): string =>
  `{ ${Object.entries(properties)
    .map(([name, field]) => `\`${name}\`: ${typeOf(field as Schema)}`)
    .join(', ')} }`;

function patternOf({ pattern }: Schema): string {
  const bare = pattern?.replace(/^\^/, '').replace(/\$$/, '');
  return bare && bare.length <= LONGEST_PATTERN ? ` like \`${bare}\`` : '';
}

function lengthOf({ minLength = 0, maxLength, pattern }: Schema): string {
  if (pattern && maxLength === undefined) return '';
  return between(minLength, maxLength, 'characters');
}

const countOf = ({ minItems = 0, maxItems }: Schema): string => between(minItems, maxItems, 'of them');

function between(least: number, most: number | undefined, of: string): string {
  if (most === undefined) return least > 1 ? `, at least ${least} ${of}` : '';
  return least > 1 ? `, ${least} to ${most} ${of}` : `, at most ${most} ${of}`;
}

/** Zod says of each integer that it is a safe one. */
function rangeOf({ minimum, maximum }: Schema): string {
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  if (least !== undefined && most !== undefined) return `, ${count(least)} to ${count(most)}`;
  if (least !== undefined) return `, at least ${count(least)}`;
  return most === undefined ? '' : `, at most ${count(most)}`;
}

const count = (value: number): string => value.toLocaleString('en-US');
