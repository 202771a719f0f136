import { createTwoFilesPatch, FILE_HEADERS_ONLY, formatPatch } from 'diff';
import { isNamedSecret } from '../contract/secret-forms.ts';
import { plainSecretsIn } from '../planning/plain-secrets.ts';

/** A text, and what it is called. */
interface Side {
  name: string;
  text: string;
}

/** So many lines that go or come are looked for one by one. The time for more grows with their square. */
const MOST_CHANGES = 1_000;
/** `name = value`, `name: value`, in whatever quotes. */
const ENTRY = /^\s*(?:export\s+)?["']?([\w.-]{1,200})["']?\s*[:=]\s*["']?(.+)$/;
const HIDDEN = '[not shown: it looks like a secret]';

/** What becomes of a text, as a unified diff. Lines of the present one that look like secrets are not shown. */
export function differenceOf(present: Side, next: Side): string {
  const [from, to] = withoutSecrets(present, next);
  const options = { headerOptions: FILE_HEADERS_ONLY, maxEditLength: MOST_CHANGES };
  const found = createTwoFilesPatch(from.name, to.name, from.text, to.text, undefined, undefined, options);
  // The last line of a difference may be white space, which counts.
  return (found ?? rewritten(from, to)).replace(/\n$/, '');
}

/** All lines go, and all come. */
function rewritten(from: Side, to: Side): string {
  const [goes, comes] = [linesOf(from.text), linesOf(to.text)];
  const lines = [...signed('-', goes), ...signed('+', comes)];
  const hunk = { oldStart: 1, oldLines: goes.length, newStart: 1, newLines: comes.length, lines };
  const heads = { oldFileName: from.name, newFileName: to.name, oldHeader: undefined, newHeader: undefined };
  return formatPatch({ ...heads, hunks: [hunk] }, FILE_HEADERS_ONLY);
}

const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const signed = (sign: string, lines: readonly string[]): string[] =>
  lines.flatMap((line) =>
    line.endsWith('\n') ? [sign + line.slice(0, -1)] : [sign + line, '\\ No newline at end of file'],
  );

/** What Ops does not know: of the present text, and where it stays so of the next. */
function withoutSecrets(present: Side, next: Side): [Side, Side] {
  const secrets = secretLinesIn(present.text);
  if (secrets.size === 0) return [present, next];
  const hidden = (text: string) => text.replaceAll(/[^\n]+/g, (line) => (secrets.has(line) ? HIDDEN : line));
  return [
    { ...present, text: hidden(present.text) },
    { ...next, text: hidden(next.text) },
  ];
}

function secretLinesIn(text: string): Set<string> {
  const lines = text.split('\n');
  const found = plainSecretsIn(text, false).flatMap(({ line, what }) => {
    // Of a private key its lines are no secrets by themselves.
    const end = what === 'a private key' ? lines.findIndex((own, at) => at >= line && own.includes('-----END')) : -1;
    return lines.slice(line - 1, Math.max(line, end));
  });
  return new Set([...found, ...lines.filter(namesSecret)]);
}

function namesSecret(line: string): boolean {
  const [, name = '', value = ''] = ENTRY.exec(line) ?? [];
  return isNamedSecret(name, value);
}
