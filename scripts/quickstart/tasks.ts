export const POLICY = `allow:
  - actions: [deploy.release, deploy.rollback]
    environments: [staging, production]
    hosts: [mini-1]
    apps: [web]
`;

/** A version of the app for one environment. Whatever fails, or dies in the middle, is taken back. */
export const deployTask = (id: string, environment: 'staging' | 'production', commit: string): string => `task_id: ${id}
operation_type: deploy
environment: ${environment}
reason: "What visitors asked for"
plan_id: plan-1
on_failure: undo
on_interrupt: undo
actions:
  - action: deploy.release
    with: { app: web, environment: ${environment}, commit: ${commit} }
`;

/** Nobody notices before it runs. */
export const neverUp = (server: string): string => server.replace('built/page.html', 'built/pages.html');

/** The signed task with other content and the same signatures, as somebody could send it who reaches the queue. */
export function changedCopy(signed: string): string {
  const submission = JSON.parse(signed) as { task: { reason: string } };
  submission.task.reason = 'Something else';
  return JSON.stringify(submission);
}
