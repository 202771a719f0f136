/** `node sudo.ts <socket> -n <command> …`: has the double's root run it, if the rules name it to the letter. */
import { ask } from '../launchd/ask.ts';
import type { Answer } from '../launchd/verbs.ts';

const [socket = '', , ...sudo] = process.argv.slice(2);
const { exitCode, stdout, stderr } = await ask<Answer>(socket, { sudo, uid: process.getuid?.() ?? -1 });
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
