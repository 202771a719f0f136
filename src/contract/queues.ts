/** The names on the wire. The braces are a hash tag: all keys of one Redis Cluster slot. */
export const DEFAULT_PREFIX = '{savorg}';

export interface QueueNames {
  prefix: string;
  /** Where Manager adds tasks for any host. */
  tasks: string;
  /** Where Manager, the host's scheduler and its operator add tasks for one host. */
  hostTasks: (host: string) => string;
  results: string;
  alerts: string;
  /** The full key of the control stream. */
  control: string;
  /** The full key of a host's mark: the `seq` of the last message it published. */
  published: (host: string) => string;
  /** A key that a host's daemon writes to see whether it can. */
  probe: (host: string) => string;
}

/** The names as a host's configuration may change them. */
export interface QueueSettings {
  prefix?: string | undefined;
  tasks?: string | undefined;
  results?: string | undefined;
  alerts?: string | undefined;
  control?: string | undefined;
}

export function queueNames(settings: QueueSettings = {}): QueueNames {
  const prefix = settings.prefix ?? DEFAULT_PREFIX;
  const tasks = settings.tasks ?? 'ops';
  return {
    prefix,
    tasks,
    hostTasks: (host) => `${tasks}-${host}`,
    results: settings.results ?? `${tasks}-results`,
    alerts: settings.alerts ?? `${tasks}-alerts`,
    control: `${prefix}:${settings.control ?? `${tasks}-control`}`,
    published: (host) => `${prefix}:published:${host}`,
    probe: (host) => `${prefix}:probe:${host}`,
  };
}

/** How many times a task may be sent again under its own name. */
const RESENDS = /~[2-9]\d{0,2}$|~1\d{1,2}$/;

/** The task_id a job's id stands for: `deploy-1~2` is `deploy-1` sent again. */
export function taskIdOfJob(jobId: string): string {
  return jobId.replace(RESENDS, '');
}
