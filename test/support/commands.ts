import type { CommandSpec, CommandStep } from '../../src/planning/step.ts';

/** A program that nobody runs. */
const specOf = (...argv: string[]): CommandSpec => ({
  argv,
  cwd: '/',
  env: {},
  stdin: '',
  writes: [],
  network: false,
  outlives: false,
  timeoutMs: 1,
  outputLimitBytes: 1,
});

/** A step that would run it; `undo` null: signed as irreversible. */
export const commandStep = (target: string, undo: CommandSpec | null = specOf('undo', target)): CommandStep => ({
  kind: 'command',
  target,
  title: `run ${target}`,
  command: specOf(target),
  undo,
  guard: null,
});
