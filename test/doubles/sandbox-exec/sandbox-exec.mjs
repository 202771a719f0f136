#!/usr/bin/env node
// sandbox-exec as its manual and others' measurements have it: 65 for a profile that is none, 71 within another sandbox,
// else it becomes the command. It confines nothing; it writes down what it was given.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const argv = process.argv.slice(2);
const parameters = {};
let profile = '';
while (argv[0]?.startsWith('-')) {
  const option = argv.shift();
  const value = argv.shift() ?? '';
  if (option === '-D') parameters[value.slice(0, value.indexOf('='))] = value.slice(value.indexOf('=') + 1);
  else if (option === '-p') profile = value;
  else end(64, `sandbox-exec: illegal option ${option}`);
}
const open = profile.split('(').length;
const unknown = [...profile.matchAll(/\(param "(\w+)"\)/g)].filter(([, name]) => !(name in parameters));
if (!profile.startsWith('(version 1)') || open !== profile.split(')').length || unknown.length > 0)
  end(65, 'sandbox-exec: profile: syntax error');
if (process.env.NESTED) end(71, 'sandbox-exec: sandbox_apply: Operation not permitted');
if (process.env.SEEN) writeFileSync(process.env.SEEN, JSON.stringify({ profile, parameters, argv }));
const { status } = spawnSync(argv[0], argv.slice(1), { stdio: 'inherit' });
process.exit(status ?? 1);

function end(code, message) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
