/** `defaults` of macOS: domains are plist files in `$HOME/Library/Preferences`. What is not known is not imitated. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ELEMENTS: Record<string, string> = { bool: 'boolean', int: 'integer', float: 'real', string: 'string' };
const NAMES: Record<string, string> = { real: 'float', true: 'boolean', false: 'boolean', dict: 'dictionary' };
const HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">`;

const folder = join(process.env['HOME'] ?? '', 'Library/Preferences');

function end(code: number, text: string): never {
  (code === 0 ? process.stdout : process.stderr).write(`${text}\n`);
  process.exit(code);
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Its entries as XML elements, by their keys as they are written. */
function read(domain: string): Map<string, string> {
  const path = join(folder, `${domain}.plist`);
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const entry = /\t<key>([^<]*)<\/key>\n\t(<(?:\w+)\/>|<(\w+)>[\s\S]*?<\/\3>)\n/g;
  return new Map([...text.matchAll(entry)].map(([, key = '', value = '']) => [key, value]));
}

function xmlOf(entries: Map<string, string>): string {
  const lines = [...entries].map(([key, value]) => `\t<key>${key}</key>\n\t${value}\n`);
  return `${HEAD}\n<dict>\n${lines.join('')}</dict>\n</plist>`;
}

function write(domain: string, entries: Map<string, string>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${domain}.plist`), `${xmlOf(entries)}\n`);
}

function elementOf(option: string, value: string): string {
  const type = ELEMENTS[option.slice(1)];
  if (type === undefined) return end(255, `Unexpected argument ${option}; leaving defaults unchanged.`);
  if (type === 'boolean') return /^(?:true|yes)$/i.test(value) ? '<true/>' : '<false/>';
  // It keeps floats in 32 bits.
  return `<${type}>${type === 'real' ? Math.fround(Number(value)) : escaped(value)}</${type}>`;
}

const [verb, domain = '', key = '', option = '', value] = process.argv.slice(2);
const entries = read(domain);
const present = entries.get(escaped(key));
const none = `The domain/default pair of (${domain}, ${key}) does not exist`;

if (verb === 'export') end(0, xmlOf(entries));
else if (verb === 'read-type') {
  if (present === undefined) end(1, `${new Date().toISOString()} defaults[${process.pid}:1]\n${none}`);
  const element = /^<(\w+)/.exec(present)?.[1] ?? '';
  end(0, `Type is ${NAMES[element] ?? element}`);
} else if (verb === 'delete') {
  if (present === undefined) end(1, none);
  entries.delete(escaped(key));
  write(domain, entries);
} else if (verb === 'write' && value !== undefined) {
  entries.set(escaped(key), elementOf(option, value));
  write(domain, entries);
} else end(64, `the double of defaults knows no ${verb}`);
