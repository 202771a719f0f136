/** How a secret comes to be printed by programs that encode what they were given. */
export const ENCODINGS: Record<string, (text: string) => string> = {
  'as it stands': (text) => text,
  JSON: (text) => JSON.stringify(text),
  'JSON in JSON': (text) => JSON.stringify(JSON.stringify(text)),
  'JSON in ASCII': (text) => JSON.stringify(text).replaceAll(/[^ -~]/g, unicodeEscape),
  'JSON of PHP': (text) => JSON.stringify(text).replaceAll('/', String.raw`\/`),
  'JSON for HTML': (text) => JSON.stringify(text).replaceAll(/[<>&'+]/g, unicodeEscape),
  URL: encodeURIComponent,
  'URL, RFC 3986': (text) => encodeURIComponent(text).replaceAll(/[!'()*]/g, percent),
  'URL, lower case': (text) => encodeURIComponent(text).replaceAll(/%../g, (escape) => escape.toLowerCase()),
  'URL, all of it': percent,
  'path in a URL': (text) => encodeURIComponent(text).replaceAll('%2F', '/'),
  form: (text) => new URLSearchParams({ x: text }).toString().slice(2),
  'JSON in a URL': (text) => encodeURIComponent(JSON.stringify(text)),
  HTML: (text) => text.replaceAll(/[&<>"']/g, (mark) => NAMED[mark] ?? mark),
  'HTML, decimal': (text) => text.replaceAll(/[^\w ]/gu, (mark) => `&#${mark.codePointAt(0)};`),
  'HTML, hex': (text) => text.replaceAll(/[^\w ]/gu, (mark) => `&#x${mark.codePointAt(0)?.toString(16)};`),
  shell: (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`,
  'shell, of Python': (text) => `'${text.replaceAll("'", `'"'"'`)}'`,
  'shell, of GNU without a locale': (text) =>
    `'${text.replaceAll("'", String.raw`'\''`).replaceAll(/[^ -~]+/g, (marks) => `'$'${octal(marks).replaceAll('\\012', String.raw`\n`)}''`)}'`,
  'shell, with backslashes': (text) => text.replaceAll(/[^\w\n]/gu, String.raw`\$&`),
  YAML: (text) => `'${text.replaceAll("'", "''")}'`,
  CSV: (text) => `"${text.replaceAll('"', '""')}"`,
  'C, hex': (text) => bytes(text, (byte) => String.raw`\x${byte.toString(16).padStart(2, '0')}`),
  'C, octal': octal,
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex, upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  'base64 in a URL': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
  'base64 in JSON of PHP': (text) => Buffer.from(text).toString('base64').replaceAll('/', String.raw`\/`),
  'base64, wrapped at 76': (text) => wrapped(text, 76),
  'base64, wrapped at 64': (text) => wrapped(text, 64),
};

function octal(text: string): string {
  return bytes(text, (byte) => `\\${byte.toString(8).padStart(3, '0')}`);
}

const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function unicodeEscape(mark: string): string {
  return String.raw`\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const bytes = (text: string, encode: (byte: number) => string): string =>
  [...Buffer.from(text)].map((byte) => encode(byte)).join('');

function percent(text: string): string {
  return bytes(text, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`);
}

function wrapped(text: string, columns: number): string {
  return Buffer.from(text)
    .toString('base64')
    .replaceAll(new RegExp(`.{${columns}}(?=.)`, 'g'), '$&\n');
}
