import { Command, InvalidArgumentError } from 'commander';
import { VERSION } from '../version.ts';
import { Context } from './context.ts';

export const program = new Command('ops')
  .description('Runs exactly the approved operations on this machine, and can take them back.')
  .version(VERSION)
  .option('--home <dir>', 'the home to work with (OPS_HOME, or .ops below here)');

/** What was asked for by `--home`. */
export const home = () => program.opts<{ home?: string }>().home;

/** Runs a verb with its context. */
export function within<A extends unknown[]>(verb: (context: Context, ...args: A) => Promise<void> | void) {
  return async (...args: A) => {
    await using context = new Context(home());
    await verb(context, ...args);
  };
}

/** @throws InvalidArgumentError unless the text is a whole number from 1. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('expected a number from 1');
  return value;
}
