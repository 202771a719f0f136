import { hostname } from 'node:os';
import { HostName } from '../contract/names.ts';
import { OpsError } from '../errors.ts';

/** `etc/policy.yaml` as a new home gets it: it allows nothing, and says how to allow. */
export const STARTER_POLICY = `# What may run on this host at all, approved or not. One rule must allow all of an action: names are exact, a path covers
# what is below it, and a list that is not there allows nothing. A refusal (not-allowed) prints the lines that would allow it.
# docs/policy.md says how rules are read, examples/policy.yaml shows more of them.
#
# allow:
#   - actions: [monitoring.probe]
#     environments: [staging]
#     hosts: [mini-1]
#   - actions: [config.file, infra.command]
#     environments: [staging]
#     hosts: [mini-1]
#     paths: [/srv/web]
#     binaries: [/usr/bin/git]
#     network: true
#
# Where a task may go without Security, if PlanReview's approval says so:
# without_security:
#   - operation_type: monitoring
#     environment: staging

allow: []
`;

export interface HostSettings {
  name: string;
  /** Whom commands run as; null: as the daemon. */
  runAs: string | null;
}

/** `etc/ops.yaml` of an installed host. */
export const installedConfig = ({ name, runAs }: HostSettings): string =>
  `# The name of this host. Written once: tasks name it, and reports bear it.
host: "${name}"
${runAs === null ? '' : `# Whom the commands of tasks run as.\nrun_as: ${runAs}\n`}`;

/** `etc/ops.yaml` of a home for trying out. */
export const starterConfig = (host: string): string =>
  `${installedConfig({ name: host, runAs: null })}
# This home holds the private keys of other roles, for trying out. Every report says so.
dev: true
`;

/** The host's name: as given, else this machine's as far as it can be one. Asked once, never derived again. */
export function hostNameFrom(given: string | undefined): string {
  const host = HostName.safeParse(given ?? machineName());
  if (host.success) return host.data;
  throw new OpsError(`--host: ${host.error.issues[0]?.message}`);
}

function machineName(): string {
  const short = hostname().split('.')[0] ?? '';
  const name = short
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, '-')
    .replace(/^-+/, '');
  return name.slice(0, 63) || 'mini-1';
}
