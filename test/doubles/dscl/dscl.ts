/** `node dscl.ts <accounts.json> . -list|-read|-create|-delete <path> [key] [value]` */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Accounts } from './accounts.ts';

const NOT_FOUND = 56;
const [file = '', node, verb = '', path = '', key, value] = process.argv.slice(2);
const accounts: Accounts = JSON.parse(readFileSync(file, 'utf8'));

function fail(exitCode: number, text: string): void {
  process.stderr.write(`<dscl_cmd> DS Error: ${text}\n`);
  process.exitCode = exitCode;
}

function list(): void {
  for (const [name, attributes] of Object.entries(accounts)) {
    if (name.startsWith(`${path}/`))
      console.log(`${name.slice(path.length + 1).padEnd(24)} ${attributes[key ?? ''] ?? ''}`);
  }
}

function read(): void {
  const record = accounts[path];
  if (!record) return fail(NOT_FOUND, '-14136 (eDSRecordNotFound)');
  const found = record[key ?? ''];
  console.log(found === undefined ? `No such key: ${key}` : `${key}: ${found}`);
}

function change(): void {
  if (process.getuid?.() !== 0) return fail(40, '-14120 (eDSPermissionError)');
  if (verb === '-delete') {
    if (!(path in accounts)) return fail(NOT_FOUND, '-14136 (eDSRecordNotFound)');
    delete accounts[path];
  } else {
    const record = (accounts[path] ??= {});
    if (key !== undefined) record[key] = value ?? '';
  }
  writeFileSync(file, JSON.stringify(accounts, null, 1));
}

if (node !== '.') fail(64, 'only the local node');
else if (verb === '-list') list();
else if (verb === '-read') read();
else if (verb === '-create' || verb === '-delete') change();
else fail(64, `${verb} is not imitated here`);
