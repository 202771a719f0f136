import { type PlistValue, parse } from 'plist';
import { z } from 'zod';
import type { Standing } from './facts.ts';
import { AbsolutePath, Variables } from './input.ts';
import { isSecretRef } from './secret-ref.ts';
import { LaunchdService, Pm2Service, type RefOf, SystemdService } from './service.ts';

const text = z.string().min(1).max(65_536);

const Launchd = LaunchdService.extend({
  /** A launchd.plist as XML. */
  plist: text,
}).superRefine(({ label, plist }, context) => {
  const problem = plistProblem(label, plist);
  if (problem !== null) context.addIssue({ code: 'custom', path: ['plist'], message: problem });
});

const words = z.array(z.string().max(8192)).min(1).max(256);

/** What pm2 may be told of an app, in its own words. */
const Pm2App = z.strictObject({
  script: AbsolutePath,
  args: words.optional(),
  cwd: AbsolutePath.optional(),
  /** A program, or `none` where the script is one; by the script's ending where absent. */
  interpreter: z.union([z.literal('none'), AbsolutePath]).optional(),
  node_args: words.optional(),
  env: Variables.refine((env) => !Object.values(env).some(isSecretRef), 'pm2 fetches no secrets').optional(),
  autorestart: z.boolean().optional(),
  exp_backoff_restart_delay: z.int().min(0).max(600_000).optional(),
  max_memory_restart: z
    .string()
    .regex(/^\d+[KMG]$/)
    .optional(),
  kill_timeout: z.int().min(0).max(60_000).optional(),
  out_file: AbsolutePath.optional(),
  error_file: AbsolutePath.optional(),
});

const Pm2 = Pm2Service.extend({ app: Pm2App });

const Systemd = SystemdService.extend({
  /** A unit file. */
  text: text.refine((unit) => /^\[Service\]$/m.test(unit), 'expected a unit file with a [Service]'),
});

/** A service whose supervisor knows it by a definition, with that. */
export const DefinedService = z.discriminatedUnion('supervisor', [Launchd, Pm2, Systemd], {
  error:
    'expected supervisor launchd, pm2 or systemd: programs have no definition, a container comes by config.container.run',
});
export type DefinedService = z.infer<typeof DefinedService>;
type DefinedRef = RefOf<DefinedService['supervisor']>;

export interface Definition {
  ref: DefinedRef;
  /** As its supervisor reads it. */
  text: string;
  /** How it stands once it is installed. */
  standing: Standing;
  /** What it will run. */
  programs: readonly string[];
}

export function definitionOf(service: DefinedService): Definition {
  switch (service.supervisor) {
    case 'launchd':
      return launchdDefinition(service);
    case 'pm2':
      return pm2Definition(service);
    case 'systemd':
      return systemdDefinition(service);
  }
}

/** launchd starts by itself what is to run at load, and keeps the others until their time comes. */
function launchdDefinition({ supervisor, label, plist }: z.infer<typeof Launchd>): Definition {
  const keys = parsedPlist(plist) ?? {};
  const runsAtLoad = keys['RunAtLoad'] === true || (keys['KeepAlive'] ?? false) !== false;
  const standing: Standing = { state: runsAtLoad ? 'running' : 'waiting', enabled: true };
  return { ref: { supervisor, label }, text: plist, standing, programs: programsOf(keys) };
}

function pm2Definition({ supervisor, name, app }: z.infer<typeof Pm2>): Definition {
  const apps = [{ name, ...app }];
  const { script, interpreter = 'none' } = app;
  const programs = interpreter === 'none' ? [script] : [interpreter, script];
  // What starts with the host pm2 knows by `pm2 save` only.
  const standing: Standing = { state: 'running', enabled: false };
  return { ref: { supervisor, name }, text: `${JSON.stringify({ apps }, null, 2)}\n`, standing, programs };
}

function systemdDefinition({ supervisor, unit, text: own }: z.infer<typeof Systemd>): Definition {
  const enabled = /^\[Install\]$/m.test(own);
  const programs = [...own.matchAll(/^\s*Exec\w+\s*=\s*[@:+!|-]*(\S+)/gm)].map(([, program = '']) => program);
  return { ref: { supervisor, unit }, text: own, standing: { state: 'running', enabled }, programs };
}

function plistProblem(label: string, plist: string): string | null {
  const keys = plist.startsWith('<?xml') ? parsedPlist(plist) : null;
  if (keys === null) return 'expected a property list as XML, with a dict';
  if (keys['Label'] !== label) return `its Label must be ${label}`;
  const programs = programsOf(keys);
  if (programs.length === 0) return 'it has no Program and no ProgramArguments';
  return programs.every((program) => program.startsWith('/')) ? null : 'its program must be an absolute path';
}

function programsOf({ Program, ProgramArguments }: Record<string, PlistValue>): string[] {
  const first = Array.isArray(ProgramArguments) ? ProgramArguments[0] : undefined;
  return [Program, first].filter((program) => typeof program === 'string');
}

function parsedPlist(plist: string): Record<string, PlistValue> | null {
  try {
    const value = parse(plist);
    const isDict = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isDict ? (value as Record<string, PlistValue>) : null;
  } catch {
    return null;
  }
}
