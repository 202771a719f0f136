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
}

export function queueNames(prefix: string = DEFAULT_PREFIX): QueueNames {
  return {
    prefix,
    tasks: 'ops',
    hostTasks: (host) => `ops-${host}`,
    results: 'ops-results',
    alerts: 'ops-alerts',
    control: `${prefix}:ops-control`,
    published: (host) => `${prefix}:published:${host}`,
  };
}

/** How many times a task may be sent again under its own name. */
const RESENDS = /~[2-9]\d{0,2}$|~1\d{1,2}$/;

/** The task_id a job's id stands for: `deploy-1~2` is `deploy-1` sent again. */
export function taskIdOfJob(jobId: string): string {
  return jobId.replace(RESENDS, '');
}
