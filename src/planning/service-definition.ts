import { z } from 'zod';
import { ANY_BINARY, binaryNeed } from '../contract/need.ts';
import type { Standing } from './facts.ts';
import { AbsolutePath, PlainVariables, SETS_PM2, setsPm2 } from './input.ts';
import { launchdJob } from './launchd-plist.ts';
import { logNeeds, variableNeeds } from './reach.ts';
import { LaunchdService, Pm2Service, type RefOf, SystemdService } from './service.ts';
import { systemdUnit } from './systemd-unit.ts';

const text = z.string().min(1).max(65_536);

const Launchd = LaunchdService.extend({
  /** A launchd.plist as XML. */
  plist: text,
}).superRefine(({ label, plist }, context) => {
  const message = problemOf(plist, (xml) => {
    if (launchdJob(xml).label !== label) throw new Error(`its Label must be ${label}`);
  });
  if (message !== null) context.addIssue({ code: 'custom', path: ['plist'], message });
});

const words = z.array(z.string().max(8192)).min(1).max(256);

/** What pm2 may be told of an app, in its own words. */
const Pm2App = z.strictObject({
  script: AbsolutePath.refine((path) => !/\s/.test(path), 'pm2 gives a path with a space to a shell'),
  args: words.optional(),
  cwd: AbsolutePath.optional(),
  /** A program, or `none` where the script is one; by the script's ending where absent. */
  interpreter: z.union([z.literal('none'), AbsolutePath]).optional(),
  node_args: words.optional(),
  env: PlainVariables.refine((env) => !setsPm2(env), SETS_PM2).optional(),
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
  text: text.superRefine((unit, context) => {
    const message = problemOf(unit, systemdUnit);
    if (message !== null) context.addIssue({ code: 'custom', message });
  }),
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
  /** What of the host it touches from then on: programs, what has them load code, what its supervisor writes for it. */
  needs: readonly string[];
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
  const { runsAtLoad, needs } = launchdJob(plist);
  const standing: Standing = { state: runsAtLoad ? 'running' : 'waiting', enabled: true };
  return { ref: { supervisor, label }, text: plist, standing, needs };
}

function pm2Definition({ supervisor, name, app }: z.infer<typeof Pm2>): Definition {
  const apps = [{ name, ...app }];
  const { script, interpreter = 'none', node_args, env = {}, out_file, error_file } = app;
  const programs = interpreter === 'none' ? [script] : [interpreter, script];
  const needs = [
    ...programs.map((program) => binaryNeed([program])),
    ...variableNeeds(env),
    // As NODE_OPTIONS.
    ...(node_args ? [ANY_BINARY] : []),
    ...logNeeds([out_file, error_file]),
  ];
  // What starts with the host pm2 knows by `pm2 save` only.
  const standing: Standing = { state: 'running', enabled: false };
  return { ref: { supervisor, name }, text: `${JSON.stringify({ apps }, null, 2)}\n`, standing, needs };
}

function systemdDefinition({ supervisor, unit, text: own }: z.infer<typeof Systemd>): Definition {
  const { startsWithHost, needs } = systemdUnit(own);
  return { ref: { supervisor, unit }, text: own, standing: { state: 'running', enabled: startsWithHost }, needs };
}

/** Why a definition is not understood; null where it is. */
function problemOf(definition: string, read: (definition: string) => unknown): string | null {
  try {
    read(definition);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
