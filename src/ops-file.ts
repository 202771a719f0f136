import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { HostName } from './contract/names.ts';
import { DEFAULT_PREFIX } from './contract/queues.ts';
import { DashboardFile } from './dashboard-settings.ts';
import { coerceError, OpsError } from './errors.ts';
import { AbsolutePath, HttpUrl } from './planning/input.ts';

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const queueName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected [a-z0-9][a-z0-9-]{0,62}');

/** `etc/ops.yaml` */
export const OpsFile = z.strictObject({
  host: HostName.describe('The name of this host. Written once, never derived again.'),
  sole_host: z.boolean().optional().describe('No other host takes tasks from this Redis; true where absent.'),
  dev: z.literal(true).optional().describe('Private keys of other roles may lie in this home. Every report says so.'),
  concurrency: z.int().min(1).max(64).optional().describe('Tasks at a time; 8 where absent.'),
  queues: z
    .strictObject({
      prefix: z.string().min(1).max(64).optional().describe(`Of all keys in Redis; ${DEFAULT_PREFIX} where absent.`),
      tasks: queueName
        .optional()
        .describe('Where tasks come, and with `-<host>` behind it those of one host; ops where absent.'),
      results: queueName.optional().describe('Where reports go; ops-results where absent.'),
      alerts: queueName.optional().describe('ops-alerts where absent.'),
      control: queueName.optional().describe('The stream of vetoes and late signatures; ops-control where absent.'),
    })
    .optional()
    .describe('Names in Redis; the same for everybody who talks to this host.'),
  run_as: z
    .string()
    .regex(/^[a-z_][a-z0-9_.-]{0,31}$/, 'expected a user name')
    .optional()
    .describe("The user whom commands run as; the daemon's own where absent."),
  container_engine: AbsolutePath.optional().describe(
    'The program of podman or docker; the first of the two on the PATH where absent.',
  ),
  protect: z
    .array(AbsolutePath)
    .max(100)
    .optional()
    .describe('Folders of application source: no command of a task can write there, whatever was signed.'),
  heartbeat: HttpUrl.optional().describe('Pinged every minute while slots of schedules are claimed.'),
  dashboard: DashboardFile,
  pass_environment: z
    .array(variableName)
    .optional()
    .describe('Variables of the daemon that its commands get besides PATH, HOME, LANG, TZ, USER, LOGNAME and TMPDIR.'),
  secret_environment: z
    .array(variableName)
    .optional()
    .describe('Variables of the daemon that a task can name as secret:env/<NAME>; other commands do not get them.'),
});

/** @throws OpsError that says what to mend. */
export function readOpsFile(path: string): z.infer<typeof OpsFile> {
  const text = readText(path, 'run "ops keys init" to make a home, or name another with --home');
  try {
    const result = OpsFile.safeParse(parseYaml(text));
    if (result.success) return result.data;
    throw new OpsError(`${path}:\n${z.prettifyError(result.error)}`);
  } catch (error) {
    throw error instanceof OpsError ? error : new OpsError(`${path}: ${coerceError(error).message}`);
  }
}

/** @throws OpsError with the remedy. */
export function readText(path: string, remedy: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OpsError(`cannot read ${path}: ${remedy}`, { cause: error });
  }
}
