import { z } from 'zod';
import { AbsolutePath, Argv, HttpUrl } from './input.ts';

const timing = {
  /** How long one attempt may take. */
  timeout_ms: z.int().min(10).max(60_000).optional(),
  /** How often to try before it counts as down. */
  attempts: z.int().min(1).max(100).optional(),
  /** The pause between attempts. */
  interval_ms: z.int().min(10).max(60_000).optional(),
};

/** A health check of one service. It changes nothing. */
export const Probe = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('http'),
    service: z.string().min(1).max(120),
    url: HttpUrl,
    /** Any of 200–399 where absent; redirects are not followed. */
    status: z.int().min(100).max(599).optional(),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('tcp'),
    service: z.string().min(1).max(120),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65535),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('command'),
    service: z.string().min(1).max(120),
    argv: Argv,
    /** It may use the network; it has none where absent. */
    network: z.literal(true).optional(),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('file'),
    service: z.string().min(1).max(120),
    path: AbsolutePath,
    /** Any content where absent. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    ...timing,
  }),
  z.strictObject({
    type: z.literal('process'),
    service: z.string().min(1).max(120),
    /** The program's name as the process table shows it, without its directory. */
    name: z.string().min(1).max(120),
    ...timing,
  }),
]);
export type Probe = z.infer<typeof Probe>;

/** What is looked at, as `health_checks` shows it. */
export function endpointOf(probe: Probe): string {
  switch (probe.type) {
    case 'http':
      return probe.url;
    case 'tcp':
      return `tcp://${probe.host}:${probe.port}`;
    case 'command':
      return `command ${probe.argv.join(' ')}`;
    case 'file':
      return `file ${probe.path}`;
    case 'process':
      return `process ${probe.name}`;
  }
}
