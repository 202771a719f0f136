/** `etc/policy.yaml` as a new home gets it: it allows nothing, and says how to allow. */
export const STARTER_POLICY = `# What may run on this host at all, approved or not. Exact names only; an empty list allows nothing.
# A refusal (not-allowed) prints the lines that would allow it.
#
# allow:
#   - actions: [config.file, infra.command, infra.script, monitoring.probe]
#     environments: [staging]
#     hosts: [mini-1]
#
# Where a task may go without Security, if PlanReview's approval says so:
# without_security:
#   - operation_type: monitoring
#     environment: staging

allow: []
`;

/** `etc/ops.yaml` of a home for trying out. */
export function starterConfig(host: string): string {
  return `# The name of this host. Written once: tasks name it, and reports bear it.
host: "${host}"

# This home holds the private keys of other roles, for trying out. Every report says so.
dev: true
`;
}
