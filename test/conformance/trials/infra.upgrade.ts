import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';
import type { Place, Trials } from '../trial.ts';

/** In the place of root's Node: it says at once that this version is there, as `ops upgrade --task` does in the end. */
const root = (current: string, upgrades: string): string => `#!${process.execPath}
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const canonicalize = require('${import.meta.dirname}/../../../node_modules/canonicalize');
const { task } = JSON.parse(readFileSync(process.argv.at(-1), 'utf8'));
const digest = createHash('sha256').update((canonicalize.default ?? canonicalize)(task)).digest('hex');
const { version } = task.actions[0].with;
rmSync('${current}');
symlinkSync(version, '${current}');
mkdirSync('${upgrades}', { recursive: true });
const who = { pid: process.pid, start: 0, boot_id: '' };
const end = { outcome: 'upgraded', message: 'ready' };
const record = { task_id: task.task_id, from: '0.0.9', version, by: who, end };
writeFileSync('${upgrades}/' + digest + '.json', JSON.stringify(record));
`;

async function installed({ home }: Place): Promise<void> {
  const { current, node, upgrades } = home.installed;
  mkdirSync(dirname(current));
  symlinkSync('0.0.9', current);
  writeFileSync(node, root(current, upgrades), { mode: 0o755 });
}

export const trials: Trials = {
  'over an older version': {
    // Nobody else does without sudo.
    needs: process.getuid?.() === 0 ? [] : ['the rights of root'],
    arrange: installed,
    observe: async ({ home }) => readlinkSync(home.installed.current),
    shows: (preview, before, after) => {
      expect([before, after]).toEqual(['0.0.9', '0.1.0']);
      expect(preview).toBe('would upgrade savorg-ops from 0.0.9 to 0.1.0');
    },
  },
};
