import { parse } from 'plist';
import { z } from 'zod';

/** The keys of launchd.plist(5) that the double obeys; a plist with another key fails the test instead of being half obeyed. */
const Definition = z.strictObject({
  Label: z.string(),
  UserName: z.string().optional(),
  ProgramArguments: z.array(z.string()).min(1),
  EnvironmentVariables: z.record(z.string(), z.string()).default({}),
  WorkingDirectory: z.string().default('/'),
  RunAtLoad: z.boolean().default(false),
  KeepAlive: z.union([z.boolean(), z.strictObject({ SuccessfulExit: z.boolean() })]).default(false),
  ThrottleInterval: z.number().default(10),
  ExitTimeOut: z.number().default(5),
  ProcessType: z.enum(['Interactive', 'Standard', 'Background']).default('Standard'),
  Umask: z.union([z.number(), z.string()]).default(0o022),
  StandardOutPath: z.string().default('/dev/null'),
  StandardErrorPath: z.string().default('/dev/null'),
});
export type Definition = z.infer<typeof Definition>;

/** Returns launchd's error code where it cannot be used. */
export function readDefinition(text: string): Definition | number {
  let value: unknown;
  if (!text.startsWith('<?xml')) return 109;
  try {
    value = parse(text);
  } catch {
    return 109;
  }
  if (typeof value !== 'object' || value === null) return 109;
  if (!('Label' in value)) return 110;
  return 'ProgramArguments' in value ? Definition.parse(value) : 111;
}

/** An integer is decimal, a string is what strtoul makes of it. */
export const umaskOf = ({ Umask }: Definition): string =>
  typeof Umask === 'number' ? Umask.toString(8) : Umask.startsWith('0') ? Umask : Number(Umask).toString(8);

/** Whether launchd starts it again after this end. */
export function isKeptAlive({ KeepAlive }: Definition, code: number | null): boolean {
  return typeof KeepAlive === 'boolean' ? KeepAlive : (code === 0) === KeepAlive.SuccessfulExit;
}

/** KeepAlive implies RunAtLoad. */
export const startsAtLoad = ({ KeepAlive, RunAtLoad }: Definition): boolean => RunAtLoad || KeepAlive !== false;
