import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { OpsError } from './errors.ts';

const DEFAULT = '127.0.0.1:7070';

const Settings = z.strictObject({
  listen: z.string().optional().describe(`<address>:<port>; ${DEFAULT} where absent.`),
  tls: z
    .strictObject({ certificate: z.string().min(1), key: z.string().min(1) })
    .optional()
    .describe('Two files in PEM, from `etc/`; needed on any address that others can reach.'),
  hosts: z
    .array(z.string().regex(/^[a-z0-9.-]+$/i, 'expected a name without a port'))
    .optional()
    .describe('Names besides its own addresses under which people open it.'),
});

/** `dashboard` in `etc/ops.yaml`: `off`, or how it is to be. */
export const DashboardFile = z
  .preprocess((value) => (value === 'off' ? null : value), Settings.nullable())
  .optional()
  .describe('`off`, or how it is to be.');

/** Where the dashboard listens, and for whom. */
export interface DashboardSettings {
  /** An IP address, or localhost. */
  host: string;
  /** Another free one where it is taken. */
  port: number;
  /** Two files in PEM. Null only on a loopback address. */
  tls: { certificate: string; key: string } | null;
  /** Names besides its own addresses under which people open it. */
  hosts: readonly string[];
}

/**
 * `override` is an address, or `off`, that goes before the file's; null where there is to be no dashboard.
 * @throws OpsError that says what to mend, also for an address that others can reach without TLS.
 */
export function dashboardSettings(
  etc: { dir: string; ops: string },
  file: z.infer<typeof DashboardFile>,
  override: string | undefined,
): DashboardSettings | null {
  const listen = override || (file === null ? 'off' : (file?.listen ?? DEFAULT));
  if (listen === 'off') return null;
  const field = override ? 'OPS_DASHBOARD' : `${etc.ops}: dashboard.listen`;
  const { tls, hosts = [] } = file ?? {};
  const { host, port } = address(listen, field);
  if (!tls && !isLoopback(host)) {
    throw new OpsError(
      `${field}: without TLS the dashboard listens on a loopback address only, not on ${host}: set dashboard.tls (certificate, key) in ${etc.ops}, or leave it on 127.0.0.1 and reach it by ssh -L`,
    );
  }
  const inEtc = (path: string) => resolve(etc.dir, path);
  return { host, port, hosts, tls: tls ? { certificate: inEtc(tls.certificate), key: inEtc(tls.key) } : null };
}

function address(text: string, field: string): { host: string; port: number } {
  const [, host = '', digits = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? [];
  const bare = host.replace(/^\[(.+)\]$/, '$1');
  const port = Number(digits);
  if ((host === 'localhost' || isIP(bare) === (bare === host ? 4 : 6)) && port <= 65_535) return { host: bare, port };
  throw new OpsError(`${field}: expected an IP address and a port, e.g. ${DEFAULT}, or off; got ${text}`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
