import { posix } from 'node:path';

interface Import {
  specifier: string;
  /** The file that a relative specifier means, from the root of the project. */
  target: string | undefined;
  line: number;
  /** Of `{ a, b as c }`, `a` and `b`; empty for the other forms. */
  names: string[];
  typeOnly: boolean;
}

export interface SourceFile {
  path: string;
  text: string;
  /** The text with comments, strings and regular expressions blanked; same length, same lines. */
  code: string;
  imports: Import[];
}

/** `import(…)` of something that is not a literal. */
export const COMPUTED = '<computed>';

export function readSource(path: string, text: string): SourceFile {
  const code = codeOf(text);
  return { path, text, code, imports: importsOf(path, text, code) };
}

export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;

const IMPORT =
  /\b(?:import\s+(?<clause>[\w$\s{},*]+?)\s*from\s*|export\s+(?<exported>(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\}))\s*from\s*|import\s*(?<call>\(\s*)?)(?<quote>['"`])?/g;

function importsOf(path: string, text: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].flatMap((match) => {
    const { clause, exported, call, quote } = match.groups ?? {};
    if (!quote && !call) return [];
    const start = match.index + match[0].length;
    const specifier = quote ? text.slice(start, code.indexOf(quote, start)) : COMPUTED;
    const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined;
    const names = clause ?? exported ?? '';
    const line = lineAt(code, match.index);
    return [{ specifier, target, line, names: namesIn(names).map(importedName), typeOnly: isTypeOnly(names) }];
  });
}

const namesIn = (clause: string): string[] =>
  (/^(?:type\s*)?\{([^}]*)\}$/.exec(clause.trim())?.[1] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

const importedName = (name: string): string => name.replace(/^type\s+/, '').replace(/\s+as\s.*$/, '');

function isTypeOnly(clause: string): boolean {
  if (/^type\b/.test(clause)) return true;
  const names = namesIn(clause);
  return names.length > 0 && names.every((name) => /^type\s/.test(name));
}

const BLANK = /\/\/.*|\/\*[\s\S]*?\*\//y;
const STRING = /'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"/y;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const TEMPLATE = /[`}](?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y;
const OTHER = /\s+|[\w$]+|[\s\S]/y;
/** After one of these a slash begins a regular expression; elsewhere it divides. */
const BEFORE_REGEX = /^(?:[^\w$)\]}'"`]|return|typeof|case|in|of|=>)?$/;

const blanked = (token: string): string => token.replaceAll(/[^\n]/g, ' ');
const quoted = (token: string): string => `${token[0]}${blanked(token.slice(1, -1))}${token.at(-1)}`;

export function codeOf(text: string): string {
  let code = '';
  let before = '';
  /** Of every open `${`, how many braces were open around it. */
  const templates: number[] = [];
  let depth = 0;
  const take = (token: RegExp): string | undefined => {
    token.lastIndex = code.length;
    return token.exec(text)?.[0];
  };

  while (code.length < text.length) {
    const next = text[code.length] ?? '';
    const continues = next === '}' && templates.at(-1) === depth;
    const comment = take(BLANK);
    const literal = comment ? undefined : (take(STRING) ?? (BEFORE_REGEX.test(before) ? take(REGEX) : undefined));
    const template = next === '`' || continues ? take(TEMPLATE) : undefined;
    if (comment) {
      code += blanked(comment);
    } else if (literal) {
      code += quoted(literal);
      before = "'";
    } else if (template) {
      if (continues) templates.pop();
      if (template.endsWith('${')) templates.push(depth);
      code += quoted(template);
      before = template.endsWith('`') ? '`' : '{';
    } else {
      const token = take(OTHER) ?? next;
      if (token === '{') depth += 1;
      if (token === '}') depth -= 1;
      code += token;
      if (token.trim()) before = token;
    }
  }
  if (depth !== 0 || templates.length > 0) throw new Error('the scanner lost its way: braces do not close');
  return code;
}
