/** `node security.ts <items.json> find-generic-password -w -s <service> -a <account> <keychain>` */
import { readFileSync } from 'node:fs';
import type { Items } from './items.ts';

const [file = '', ...args] = process.argv.slice(2);
const { keychain }: Items = JSON.parse(readFileSync(file, 'utf8'));
const [verb, w, s, service, a, account, place, ...rest] = args;

const SAID: Record<number, string> = {
  36: 'SecKeychainItemCopyContent: User interaction is not allowed.',
  44: 'SecKeychainSearchCopyNext: The specified item could not be found in the keychain.',
  51: 'SecKeychainItemCopyContent: The user name or passphrase you entered is not correct.',
};

function fail(code: number): void {
  process.stderr.write(`security: ${SAID[code] ?? 'something else: it-may-quote-the-value'}\n`);
  process.exitCode = code;
}

const asked = [verb, w, s, a, place, ...rest].join(' ');
const item = keychain[`${service}/${account}`] ?? 44;
if (asked !== 'find-generic-password -w -s -a /Library/Keychains/System.keychain') fail(2);
else if (typeof item === 'number') fail(item);
// What is not printable ASCII it prints in hex.
else console.log(/^[\x20-\x7e]*$/.test(item) ? item : Buffer.from(item).toString('hex'));
