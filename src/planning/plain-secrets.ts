import { isScalar, LineCounter, parseAllDocuments, visit } from 'yaml';
import { isNamedSecret, secretFormIn } from '../contract/secret-forms.ts';

/** A secret that stands in a file as it is. Never its value. */
export interface PlainSecret {
  /** From 1. */
  line: number;
  /** What it looks like, in words. */
  what: string;
}

/** The secrets in a file of settings: YAML, JSON, a plist, or a program. Each line is told once. */
export function plainSecretsIn(text: string, isYaml: boolean): PlainSecret[] {
  const lines = text.split('\n').map((line, index) => [index + 1, secretFormIn(line)] as const);
  const found = new Map(lines.filter(([, what]) => what !== undefined));
  for (const line of isYaml ? namedInYaml(text) : namedInText(text))
    if (!found.has(line)) found.set(line, 'a password');
  const whole = found.size === 0 ? secretFormIn(text) : undefined;
  if (whole) found.set(1, whole);
  return [...found].map(([line, what = '']) => ({ line, what })).toSorted((a, b) => a.line - b.line);
}

function namedInYaml(text: string): number[] {
  const lineCounter = new LineCounter();
  const lines: number[] = [];
  for (const document of parseAllDocuments(text, { lineCounter })) {
    if (!('contents' in document)) continue;
    visit(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(key) || !isScalar(value) || typeof value.value !== 'string') return;
        if (isNamedSecret(String(key.value), value.value)) lines.push(lineCounter.linePos(value.range?.[0] ?? 0).line);
      },
    });
  }
  return lines;
}

/** `<key>NAME</key><string>value</string>`, `NAME: 'value'`, `NAME = "value"`. */
const PAIR =
  /<key>([^<]{1,200})<\/key>\s{0,40}<string>([^<]{1,2000})<|["']?(?<![\w.-])([\w.-]{1,200})["']?\s{0,4}[:=]\s{0,4}(?:"([^"\n]{1,2000})"|'([^'\n]{1,2000})')/g;

function namedInText(text: string): number[] {
  return [...text.matchAll(PAIR)].flatMap(({ 0: all, 1: key, 2: value, 3: name, 4: doubly, 5: singly, index }) => {
    if (!isNamedSecret(key ?? name ?? '', value ?? doubly ?? singly ?? '')) return [];
    return [text.slice(0, index + all.length).split('\n').length];
  });
}
