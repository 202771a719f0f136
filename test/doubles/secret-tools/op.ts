/** `node op.ts <items.json> read --no-newline op://<vault>/<item>/<field>` */
import { readFileSync } from 'node:fs';
import type { Items } from './items.ts';

const [file = '', verb, flag, reference = '', ...rest] = process.argv.slice(2);
const { op, token }: Items = JSON.parse(readFileSync(file, 'utf8'));
const [vault, item, field] = reference.replace('op://', '').split('/');

function fail(text: string): void {
  process.stderr.write(`[ERROR] 2026/11/23 10:00:00 ${text}\n`);
  process.exitCode = 1;
}

function read(): void {
  const unread = `could not read secret '${reference}': `;
  const value = op[`${vault}/${item}/${field}`];
  if (value !== undefined) process.stdout.write(value);
  else if (!Object.keys(op).some((name) => name.startsWith(`${vault}/`)))
    fail(
      `${unread}could not get item ${vault}/${item}: "${vault}" isn't a vault in this account. Specify the vault with its ID or name.`,
    );
  else if (!Object.keys(op).some((name) => name.startsWith(`${vault}/${item}/`)))
    fail(`${unread}could not get item ${vault}/${item}: "${item}" isn't an item in the "${vault}" vault.`);
  else fail(`${unread}item '${vault}/${item}' does not have a field '${field}'`);
}

if ([verb, flag, ...rest].join(' ') !== 'read --no-newline') fail('unknown command');
else if (process.env['OP_CACHE'] !== 'false') fail('its cache would stay');
else if (process.env['OP_SERVICE_ACCOUNT_TOKEN'] !== token)
  fail("(401) Unauthorized: You aren't authorized to perform this action.");
else read();
