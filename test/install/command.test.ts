import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { commandStage, isOurs } from '../../src/install/command.ts';
import { layoutOf } from '../../src/install/layout.ts';
import { describeAsRoot } from '../doubles/as-root.ts';
import { temporaryFolder } from '../services/support.ts';

describeAsRoot('the ops that people type', () => {
  it.each(["o'ps", 'a b', '$(id)`id`', '"\\'])(
    'starts the installed program, whatever its folder is called: %s',
    async (name) => {
      const folder = temporaryFolder();
      const layout = layoutOf({ root: join(folder, name), launchDaemons: folder, bin: join(folder, 'bin') });
      mkdirSync(layout.root);
      writeFileSync(layout.node, '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
      await commandStage(layout).make();
      const { stdout } = await execa(layout.command, ["it's", 'two words']);
      expect(stdout.split('\n')).toEqual([
        `${layout.current}/dist/src/cli/main.js`,
        '--home',
        layout.root,
        "it's",
        'two words',
      ]);
      expect(await isOurs(layout)).toBe(true);
    },
  );

  it('runs nothing that the environment of who types it names', async () => {
    const folder = temporaryFolder();
    const layout = layoutOf({ root: folder, launchDaemons: folder, bin: join(folder, 'bin') });
    writeFileSync(layout.node, '#!/bin/sh\nenv\n', { mode: 0o755 });
    await commandStage(layout).make();
    const env = { NODE_OPTIONS: '--require /x', NODE_PATH: '/x', NODE_COMPILE_CACHE: '/x', REDIS_URL: 'redis://x' };
    const { stdout } = await execa(layout.command, [], { env });
    expect(stdout.match(/^(?:NODE_(?:OPTIONS|PATH|COMPILE_CACHE)|REDIS_URL)=.*$/gm)).toEqual(['REDIS_URL=redis://x']);
  });
});
