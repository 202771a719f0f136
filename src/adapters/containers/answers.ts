import { z } from 'zod';
import { OpsError } from '../../errors.ts';
import type { Container } from '../../services/containers.ts';
import { SPEC_LABEL, TASK_LABEL } from './arguments.ts';

/** Of what podman and docker tell of a container, that in which they agree. Its environment is never looked at. */
const Inspected = z
  .tuple([
    z.object({
      Id: z.string().regex(/^[0-9a-f]{64}$/),
      Name: z.string(),
      Image: z.string(),
      Created: z.iso.datetime({ offset: true }),
      State: z.object({ Running: z.boolean(), Status: z.string(), StartedAt: z.string(), ExitCode: z.number() }),
      RestartCount: z.number(),
      Config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }),
      Mounts: z.array(z.object({ Source: z.string().optional(), RW: z.boolean() })).nullish(),
      HostConfig: z.object({
        AutoRemove: z.boolean(),
        NetworkMode: z.string(),
        PortBindings: z.record(z.string(), z.array(z.object({ HostPort: z.string() })).nullish()).nullish(),
        RestartPolicy: z.object({ Name: z.string() }),
      }),
    }),
  ])
  .transform(
    ([found]): Container => ({
      id: found.Id,
      name: found.Name.replace(/^\//, ''),
      image: found.Image.replace(/^sha256:/, ''),
      running: found.State.Running,
      status: found.State.Status,
      startedAt: found.State.StartedAt,
      restarts: found.RestartCount,
      exitCode: found.State.ExitCode,
      task: found.Config.Labels?.[TASK_LABEL] ?? '',
      spec: found.Config.Labels?.[SPEC_LABEL] ?? '',
      madeAt: Date.parse(found.Created),
      hostPorts: portsOf(found.HostConfig.PortBindings),
      writes: (found.Mounts ?? []).flatMap(({ Source, RW }) => (RW && Source ? [Source] : [])),
      network: found.HostConfig.NetworkMode,
      restart: found.HostConfig.RestartPolicy.Name,
      removesItself: found.HostConfig.AutoRemove,
    }),
  );

type Bindings = Readonly<Record<string, readonly { HostPort: string }[] | null | undefined>>;

const portsOf = (bindings: Bindings | null | undefined): number[] =>
  Object.values(bindings ?? {}).flatMap((ports) => (ports ?? []).map(({ HostPort }) => Number(HostPort)));

/** @throws OpsError where it is anything else. */
export function containerIn(answer: string): Container {
  const parsed = Inspected.safeParse(parseJson(answer));
  if (parsed.success) return parsed.data;
  throw new OpsError(`what the engine tells of a container is not as known: ${z.prettifyError(parsed.error)}`);
}

function parseJson(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    throw new OpsError('what the engine tells of a container is no JSON');
  }
}
