export const POLICY = `allow:
  - actions: [config.file, infra.command, infra.script, monitoring.probe]
    environments: [staging]
    hosts: [mini-1]
    paths: [/]
    binaries: [/]
`;

/** A file, a script and a check. */
export const releaseTask = (site: string): string => `task_id: release-web-1
operation_type: config
environment: staging
reason: "Twice the workers for the web app"
plan_id: plan-1
on_failure: undo
actions:
  - action: config.file
    with:
      path: ${site}/app.conf
      content: |
        workers = 4
        timeout = 30
      mode: "0640"
  - action: infra.script
    with:
      interpreter: [/bin/sh, -eu]
      text: |
        for part in config assets cache; do
          echo "warming $part"
          touch "${site}/$part.warm"
        done
      undo_text: |
        rm -f "${site}"/*.warm
      resources: [host]
  - action: monitoring.probe
    with:
      check: { type: file, service: web, path: "${site}/cache.warm" }
`;

export const restartTask = (site: string): string => `task_id: restart-web-1
operation_type: infra
environment: staging
reason: "Let the new workers in"
plan_id: plan-1
on_failure: stop
actions:
  - action: infra.command
    with:
      argv: [touch, "${site}/restarted"]
      undo: [rm, -f, "${site}/restarted"]
      resources: ["path:${site}"]
`;

/** The signed task with other content and the same signatures, as somebody could send it who reaches the queue. */
export function changedCopy(signed: string): string {
  const submission = JSON.parse(signed) as { task: { reason: string } };
  submission.task.reason = 'Something else';
  return JSON.stringify(submission);
}
