import { existsSync } from 'node:fs';
import type { Role } from '../contract/names.ts';
import type { Context } from './context.ts';
import { follow } from './follow.ts';
import { readSubmission } from './sign.ts';
import { keyPath, roleKey, signAs } from './signing.ts';
import { enqueue } from './submit.ts';
import { tell } from './terminal.ts';

const ROLES: readonly Role[] = ['manager', 'plan-review', 'security'];

/** `ops run <file>`: signs with every role key that can be read here, submits, follows, prints the report. */
export async function run(context: Context, path: string): Promise<void> {
  const { home } = context.config;
  let submission = await readSubmission(context, path);
  const roles = ROLES.filter((role) => existsSync(keyPath(home, role)));
  for (const role of roles) submission = await signAs(roleKey(home, role), submission, context.clock.now());
  tell(`signed as ${roles.join(', ') || 'nobody'}`);
  const job = await enqueue(context, submission);
  tell(`submitted as ${job.id} on ${job.queueName}`);
  await follow(context, job, submission.task.task_id);
}
