/** The types that a macOS default may have here. */
export type DefaultType = 'bool' | 'int' | 'float' | 'string';

/** A default with its type, as text in one form: `bool true`, `int 5`, `float 0.5`, `string left`. */
export function defaultText(type: DefaultType, value: boolean | number | string): string {
  return `${type} ${type === 'float' ? shortest(Number(value)) : value}`;
}

/** `defaults write -float` keeps 32 bits of a number: the shortest text that means the same ones. */
function shortest(value: number): string {
  const kept = Math.fround(value);
  const digits = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => Math.fround(Number(kept.toPrecision(count))) === kept);
  return String(Number(kept.toPrecision(digits ?? 9)));
}
