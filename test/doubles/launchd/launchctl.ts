/** `node launchctl.ts <socket> <verb> …`: passes it on to the double's launchd, and says what that says. */
import { ask } from './ask.ts';
import type { Answer } from './verbs.ts';

const [socket = '', ...launchctl] = process.argv.slice(2);
const { exitCode, stdout, stderr } = await ask<Answer>(socket, { launchctl, uid: process.getuid?.() ?? -1 });
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
