import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { NETWORK, pathNeed } from '../contract/need.ts';
import { AbsolutePath, Argv, Variables } from './input.ts';
import type { Probe } from './probe.ts';
import { loadsCode } from './reach.ts';
import { collide } from './resources.ts';
import { isSecretRef, secretsIn } from './secret-ref.ts';

/** What stands in the name of a container that is kept to be brought back, before the id of its task. */
const KEPT = '.before-';

export const ContainerName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'expected a container name, e.g. web')
  .refine((name) => !name.includes(KEPT), `a name with ${KEPT} is that of a container kept for undo`);

/** The same image for ever. */
export const PinnedImage = z
  .string()
  .max(400)
  .regex(
    /^(?:[a-z0-9][a-z0-9._/-]*(?::\d{1,5}\/[a-z0-9][a-z0-9._/-]*)?@)?sha256:[0-9a-f]{64}$/,
    'expected <repository>@sha256:<64 hex>, or sha256:<id> of an image that is here. "podman image inspect <image>" shows both, as RepoDigests and Id',
  )
  .describe('`<repository>@sha256:…`, or `sha256:<id>` of an image that is here. Never a tag, which moves.');

/** What steers the program of the engine itself, which gets a container's variables in its own environment. */
const OF_THE_PROGRAM =
  /^(?:PATH|HOME|USER|TMPDIR|SHELL|TZ|LANG|LC_\w+|SSL_CERT_\w+|\w+_proxy|\w+_PROXY|(?:DOCKER|CONTAINERS?|XDG|STORAGE|REGISTRY|BUILDAH|PODMAN|LD|DYLD|GO|SSH|LISTEN|NOTIFY|DBUS|_CONTAINERS)(?:_?[A-Z]\w*)?)$/;

/** Whether it cannot be handed over in the program's environment: only a plain value can be named so. */
export const steersTheProgram = (name: string): boolean => OF_THE_PROGRAM.test(name) || loadsCode(name);

/** As `--mount` can carry it: a comma would begin another field. */
const MountPath = AbsolutePath.refine(
  (path) => !/[,"\n]/.test(path),
  'a mount cannot have a comma, quote or line break',
);
const PortNumber = z.int().min(1).max(65_535);

const Port = z.strictObject({
  host: PortNumber,
  container: PortNumber,
  protocol: z.enum(['tcp', 'udp']).optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional().describe('Where it listens on the host; 127.0.0.1 where absent.'),
});

const Volume = z.strictObject({ host: MountPath, container: MountPath, read_only: z.literal(true).optional() });

/** A container as it is to run. It gets no privileges, and of the host's namespaces at most the network's. */
export const ContainerSpec = z.strictObject({
  name: ContainerName,
  image: PinnedImage,
  command: Argv.optional().describe("The image's own where absent."),
  env: Variables.refine(
    (env) => !Object.entries(env).some(([name, value]) => steersTheProgram(name) && isSecretRef(value)),
    'a secret cannot go by a name that docker or podman reads itself (HOME, PATH, DOCKER_…): give it another',
  ).optional(),
  ports: z.array(Port).min(1).max(50).optional(),
  volumes: z.array(Volume).min(1).max(50).optional().describe('Files and folders of the host, as they are there.'),
  network: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/)
    .optional()
    .describe("`none`, `host`, or the name of one that the engine has; the engine's own where absent."),
  restart: z
    .enum(['no', 'on-failure', 'unless-stopped'])
    .optional()
    .describe('`unless-stopped` where absent. There is no `always`: it would bring back what is kept for an undo.'),
  user: z
    .string()
    .regex(/^[a-z0-9_][a-z0-9_-]{0,31}(?::[a-z0-9_][a-z0-9_-]{0,31})?$/)
    .optional(),
  read_only: z.literal(true).optional().describe('It cannot write its own files.'),
  memory_mb: z.int().min(6).max(1_048_576).optional(),
  cpus: z.number().min(0.01).max(1_024).optional(),
});
export type ContainerSpec = z.infer<typeof ContainerSpec>;

/** Tells one spec from another: the label by which a container that already is as asked for is known. */
export const specDigest = (spec: ContainerSpec): string => hash('sha256', canonicalize(spec) ?? '');

/** With what the names begin of all that is kept of it. */
export const keptPrefix = (name: string): string => `${name}${KEPT}`;
export const keptName = (name: string, taskId: string): string => `${keptPrefix(name)}${taskId}`;
export const containerResource = (name: string): string => `container:${name}`;

/** What of the host it touches. */
export function containerNeeds(spec: ContainerSpec): string[] {
  const { name, image, volumes = [], env = {}, network } = spec;
  return [
    containerResource(name),
    imageNeed(image),
    ...volumes.map((volume) => pathNeed(volume.host)),
    ...secretsIn(Object.values(env)),
    ...(network === 'none' ? [] : [NETWORK]),
  ];
}

/** What it takes for itself: its name, and what it may write. */
export function containerResources({ name, volumes = [] }: ContainerSpec): string[] {
  return [containerResource(name), ...volumes.filter(isWritable).map((volume) => `path:${volume.host}`)];
}

/** Of a container that is to be replaced, what decides whether both may run for a while. */
interface Neighbour {
  hostPorts: readonly number[];
  writes: readonly string[];
  network: string;
}

/**
 * Whether it may run while the one before still does: no port of the host and no folder to write would be both theirs.
 * Which ports a container has in the host's network nobody knows.
 */
export function mayRunBeside({ ports = [], volumes = [], network }: ContainerSpec, before: Neighbour): boolean {
  if (network === 'host' || before.network === 'host') return false;
  if (ports.some(({ host }) => before.hostPorts.includes(host))) return false;
  const writes = volumes.filter(isWritable);
  return !writes.some(({ host }) => before.writes.some((path) => collide(`path:${host}`, `path:${path}`)));
}

/** The repository of a pinned image; of an image that is named by its id, that. */
const repositoryOf = (image: string): string => image.split('@')[0] ?? image;

/** An image that can be had again: one that is named by its id can come from no registry. */
export const canBePulled = (image: string): boolean => image.includes('@');
export const imageNeed = (image: string): string => `image:${repositoryOf(image)}`;
export const imageResource = (image: string): string => `image:${image}`;
/** The value of an image that is here, where it is a setting. */
export const HERE = 'here';

export const isWritable = (volume: { read_only?: true | undefined }): boolean => volume.read_only !== true;

/** By what a container counts as well, so that the one before may go. With neither it must run for a while. */
export interface Readiness {
  /** Succeeds in the container. */
  command: readonly string[] | null;
  check: Probe | null;
  withinMs: number;
}

/** What becomes of the container of a name. */
export type ContainerGoal =
  | { state: 'running'; spec: ContainerSpec; ready: Readiness }
  | { state: 'stopped' }
  /** Kept under another name for an undo. */
  | { state: 'absent' }
  /** Removed for good: signed as irreversible. */
  | { state: 'gone' };
