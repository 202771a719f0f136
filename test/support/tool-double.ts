import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../services/support.ts';

const DOUBLES = join(import.meta.dirname, '../doubles');

/** An account of a Mac with this one program on its PATH: the double of that name, or a script of the test. */
export function accountWith(program: string, script?: string): { PATH: string; HOME: string } {
  const home = temporaryFolder();
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const double = join(DOUBLES, program, `${program}.ts`);
  const text = script ?? `exec '${process.execPath}' '${double}' "$@"`;
  writeFileSync(join(bin, program), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return { PATH: bin, HOME: home };
}
