import { existsSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OpsError } from '../errors.ts';
import { PUBLIC_FILE, programFile } from './files.ts';
import type { Layout } from './layout.ts';
import type { Stage } from './stage.ts';

const mark = ({ root }: Layout): string => `# savorg-ops in ${root}`;

/** They would have root's Node run what somebody else wrote. */
const FORGET = 'unset NODE_OPTIONS NODE_PATH NODE_COMPILE_CACHE';

/** @throws OpsError where another program has the name. */
export async function refuseForeignCommand(layout: Layout): Promise<void> {
  if (!existsSync(layout.command) || (await isOurs(layout))) return;
  throw new OpsError(`${layout.command} is another program: move it away and run this again`);
}

/** The `ops` that people type. */
export function commandStage(layout: Layout): Stage {
  const { command, current, node, root } = layout;
  const argv = [node, `${current}/dist/src/cli/main.js`, '--home', root].map(quoted).join(' ');
  const text = `#!/bin/sh\n${mark(layout)}\n${FORGET}\nexec ${argv} "$@"\n`;
  const file = programFile(command, { ...PUBLIC_FILE, mode: 0o755 }, text);
  return {
    ...file,
    async make() {
      mkdirSync(dirname(command), { recursive: true, mode: 0o755 });
      await file.make();
    },
  };
}

const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

export async function isOurs(layout: Layout): Promise<boolean> {
  const text = await readFile(layout.command, 'utf8').catch(() => '');
  return text.split('\n').includes(mark(layout));
}
