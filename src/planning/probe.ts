import { z } from 'zod';
import { AbsolutePath, Argv, HttpUrl } from './input.ts';

const service = z.string().min(1).max(120).describe('Of what it tells, in `health_checks`.');

const timing = {
  timeout_ms: z.int().min(10).max(60_000).optional().describe('How long one attempt may take; 5 s where absent.'),
  attempts: z.int().min(1).max(100).optional().describe('How often to try before it counts as down; 3 where absent.'),
  interval_ms: z.int().min(10).max(60_000).optional().describe('The pause between attempts; 1 s where absent.'),
};

/** A health check of one service. It changes nothing. */
export const Probe = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('http'),
      service,
      url: HttpUrl,
      status: z
        .int()
        .min(100)
        .max(599)
        .optional()
        .describe('Any of 200 to 399 where absent; redirects are not followed.'),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('tcp'),
      service,
      host: z.string().min(1).max(253),
      port: z.int().min(1).max(65535),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('command'),
      service,
      argv: Argv,
      network: z.literal(true).optional().describe('It may use the network; it has none where absent.'),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('file'),
      service,
      path: AbsolutePath,
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .optional()
        .describe('Of its content; any where absent.'),
      ...timing,
    }),
    z.strictObject({
      type: z.literal('process'),
      service,
      name: z
        .string()
        .min(1)
        .max(120)
        .describe("The program's name as the process table shows it, without its directory."),
      ...timing,
    }),
  ])
  .meta({ id: 'health check' });
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
