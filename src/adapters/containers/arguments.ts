import { type ContainerSpec, isWritable, specDigest, steersTheProgram } from '../../planning/container.ts';

/** By which everything that Ops made is found. */
export const TASK_LABEL = 'com.savorg.ops.task';
export const SPEC_LABEL = 'com.savorg.ops.spec';

/** The arguments of `create`. The values of variables are not among them, but for names that steer the engine's program. */
export function createArguments(spec: ContainerSpec, taskId: string): string[] {
  const { name, image, command = [], network, user, read_only } = spec;
  return [
    'create',
    '--pull=never',
    `--name=${name}`,
    `--label=${TASK_LABEL}=${taskId}`,
    `--label=${SPEC_LABEL}=${specDigest(spec)}`,
    '--security-opt=no-new-privileges',
    `--restart=${spec.restart ?? 'unless-stopped'}`,
    ...(network ? [`--network=${network}`] : []),
    ...(user ? [`--user=${user}`] : []),
    ...(read_only ? ['--read-only'] : []),
    ...limitArguments(spec),
    ...Object.entries(spec.env ?? {}).map(([key, value]) => `--env=${key}${steersTheProgram(key) ? `=${value}` : ''}`),
    ...(spec.ports ?? []).map(portArgument),
    ...(spec.volumes ?? []).map(mountArgument),
    image,
    ...command,
  ];
}

function limitArguments({ memory_mb, cpus }: ContainerSpec): string[] {
  return [...(memory_mb ? [`--memory=${memory_mb}m`] : []), ...(cpus ? [`--cpus=${cpus}`] : [])];
}

function portArgument(port: NonNullable<ContainerSpec['ports']>[number]): string {
  const { address = '127.0.0.1', host, container, protocol = 'tcp' } = port;
  return `--publish=${address.includes(':') ? `[${address}]` : address}:${host}:${container}/${protocol}`;
}

// Not --volume: docker would make a folder of root's where there is none.
function mountArgument(volume: NonNullable<ContainerSpec['volumes']>[number]): string {
  return `--mount=type=bind,src=${volume.host},dst=${volume.container}${isWritable(volume) ? '' : ',readonly'}`;
}
