import type { Registry } from '../src/planning/action.ts';
import { file } from './config/file.ts';
import { command } from './infra/command.ts';
import { script } from './infra/script.ts';
import { probe } from './monitoring/probe.ts';

/** What Ops can do. A new capability is one file and its line here. */
export const registry: Registry = {
  'config.file': file,
  'infra.command': command,
  'infra.script': script,
  'monitoring.probe': probe,
};
