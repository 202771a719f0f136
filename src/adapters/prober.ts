import { once } from 'node:events';
import { connect } from 'node:net';
import type { HealthCheck } from '../contract/ops-output.ts';
import { coerceError } from '../errors.ts';
import { endpointOf, type Probe } from '../planning/probe.ts';
import type { CommandExit, Commands } from '../services/commands.ts';
import type { Files } from '../services/host.ts';
import type { Prober } from '../services/ports.ts';
import { processesNamed } from './processes.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const PROBE_OUTPUT_BYTES = 64 * 1024;

type Status = HealthCheck['status'];
type Look = { status: Status; detail: string; leftRunning?: string[] };
type ProbeOf<T extends Probe['type']> = Extract<Probe, { type: T }>;

export interface ProberPorts {
  commands: Commands;
  files: Files;
  baseEnv: Readonly<Record<string, string>>;
}

/** Looks at services. What it cannot tell is `degraded`, never `healthy`. */
export function proberWith(ports: ProberPorts): Prober {
  return {
    look: async (probe, signal) => {
      const timeout = AbortSignal.timeout(probe.timeout_ms ?? DEFAULT_TIMEOUT_MS);
      const bounded = AbortSignal.any([signal, timeout]);
      const look = await lookAt(probe, bounded, ports).catch((error: unknown) => down(reasonOf(error)));
      return { service: probe.service, endpoint: endpointOf(probe), ...look };
    },
  };
}

const healthy = (detail: string): Look => ({ status: 'healthy', detail });
const down = (detail: string): Look => ({ status: 'down', detail });

function lookAt(probe: Probe, signal: AbortSignal, ports: ProberPorts): Promise<Look> {
  switch (probe.type) {
    case 'http':
      return lookByHttp(probe, signal);
    case 'tcp':
      return lookByTcp(probe, signal);
    case 'command':
      return lookByCommand(probe, signal, ports);
    case 'file':
      return lookAtFile(probe, ports.files);
    case 'process':
      return lookForProcess(probe);
  }
}

async function lookByHttp({ url, status }: ProbeOf<'http'>, signal: AbortSignal): Promise<Look> {
  // A connection that is kept leads to what a front led it to before, and may end just as it is used.
  const response = await fetch(url, { redirect: 'manual', signal, headers: { connection: 'close' } });
  await response.body?.cancel();
  const right = status === undefined ? response.status >= 200 && response.status < 400 : response.status === status;
  return right ? healthy(`status ${response.status}`) : down(`status ${response.status}`);
}

async function lookByTcp({ host, port }: ProbeOf<'tcp'>, signal: AbortSignal): Promise<Look> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return healthy('accepts connections');
  } finally {
    socket.destroy();
  }
}

async function lookByCommand(probe: ProbeOf<'command'>, signal: AbortSignal, ports: ProberPorts): Promise<Look> {
  const request = {
    task_id: 'probe',
    step: 0,
    argv: probe.argv,
    cwd: '/',
    env: { ...ports.baseEnv, HISTFILE: '/dev/null' },
    stdin: '',
    writes: [],
    network: probe.network ?? false,
    outlives: false,
    timeoutMs: probe.timeout_ms ?? DEFAULT_TIMEOUT_MS,
    outputLimitBytes: PROBE_OUTPUT_BYTES,
    graceMs: 1_000,
  };
  const exit = await ports.commands.run(request, signal, async () => undefined);
  return { ...byExit(exit), leftRunning: exit.leftRunning };
}

function byExit({ ended, exitCode, message }: CommandExit): Look {
  if (ended === 'lost') return { status: 'degraded', detail: 'nobody knows how it ended' };
  if (ended !== 'exit') return down(message || ended);
  return exitCode === 0 ? healthy('exit code 0') : down(message || `exit code ${exitCode}`);
}

async function lookAtFile({ path, sha256 }: ProbeOf<'file'>, files: Files): Promise<Look> {
  const fact = await files.fact(path);
  if (!fact.exists) return down('does not exist');
  if (sha256 !== undefined && fact.sha256 !== sha256) return down('has other content');
  return healthy(sha256 === undefined ? 'exists' : 'has the expected content');
}

async function lookForProcess({ name }: ProbeOf<'process'>): Promise<Look> {
  const pids = await processesNamed(name);
  return pids.length > 0 ? healthy(`pid ${pids.join(', ')}`) : down('no such process');
}

function reasonOf(thrown: unknown): string {
  const error = coerceError(thrown);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
