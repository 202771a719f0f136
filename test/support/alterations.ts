export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Path = readonly (string | number)[];

export interface Place {
  path: Path;
  value: Json;
}

/** Everything in a value, the value itself first. */
function placesOf(value: Json, path: Path = []): Place[] {
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(isObject(value) ? value : {});
  return [{ path, value }, ...entries.flatMap(([key, child]) => placesOf(child, [...path, key]))];
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const leavesOf = (value: Json): Place[] =>
  placesOf(value).filter((place) => typeof place.value !== 'object' || place.value === null);

/** A copy of `value` with another value at `path`; `undefined` takes the key or element away. */
export function replaced(value: Json, path: Path, by: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return by ?? null;
  const child = (value as Record<string | number, Json>)[key] ?? null;
  const changed = rest.length === 0 ? by : replaced(child, rest, by);
  if (Array.isArray(value))
    return changed === undefined ? value.toSpliced(Number(key), 1) : value.with(Number(key), changed);
  const entries = Object.entries(value as object).filter(([name]) => changed !== undefined || name !== key);
  return Object.fromEntries(entries.map(([name, old]) => [name, name === key ? changed : old]));
}

export interface Alteration {
  what: string;
  value: Json;
}

/** A copy of `value` for each single thing that can be altered in it. */
export function alterationsOf(value: Json): Alteration[] {
  return placesOf(value).flatMap((place) =>
    [...inPlace(place.value), ...(place.path.length > 0 ? [undefined] : [])].map((by) => ({
      what: `${place.path.join('.')} = ${JSON.stringify(by)}`,
      value: replaced(value, place.path, by),
    })),
  );
}

function inPlace(value: Json): Json[] {
  if (typeof value === 'string') return stringsNear(value);
  if (typeof value === 'number') return [value + 1, value - 1, -value, 0, String(value)];
  if (typeof value === 'boolean') return [!value, String(value), null];
  if (Array.isArray(value))
    return [[...value, 'more'], [...value, ...value], value.length > 1 ? value.toReversed() : [], {}];
  if (isObject(value)) return [{ ...value, more: 1 }, { ...value, toString: 'x' }, { ...value, actions: [] }, []];
  return [0, false, ''];
}

function stringsNear(text: string): Json[] {
  const flipped = text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
  const near = [
    `${text}x`,
    `${text} `,
    ` ${text}`,
    `${text}\n`,
    text.slice(1),
    text.slice(0, -1),
    '',
    flipped,
    text.normalize('NFD'),
  ];
  return [...new Set<Json>([...near, null, 1, [text]])].filter((other) => other !== text);
}
