import { Command } from 'commander';
import { auditVerify } from './audit.ts';
import { clockAccept } from './clock.ts';
import { dashboard } from './dashboard.ts';
import { type LogsOptions, logs } from './logs.ts';
import { home, positive, within } from './program.ts';
import { redisAcl } from './redis-acl.ts';
import { status } from './status.ts';
import { sudoers } from './sudoers.ts';

/** What is asked of one host. */
export const hostVerbs: Command[] = [
  new Command('status')
    .description('what this host is doing')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => status(home(), options)),
  new Command('logs')
    .description("the daemon's log, readable")
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .option('--task <task_id>', 'only of this task')
    .option('--lines <n>', 'how many', positive, 100)
    .option('--json', 'as they stand in the file')
    .action((options: LogsOptions) => logs(home(), options)),
  new Command('dashboard')
    .description('where to look at the queues in a browser')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }) => dashboard(home(), options)),
  new Command('audit')
    .description('the audit log')
    .addCommand(
      new Command('verify')
        .description('whether nothing in it was changed')
        .option('--against <files...>', 'reports kept elsewhere, as JSON from the results queue; - is standard input')
        .action(within(auditVerify)),
    ),
  new Command('redis')
    .description('the Redis that Ops uses')
    .addCommand(
      new Command('acl')
        .description('print its users for an aclfile: manager, approvers, dashboard, daemon')
        .option('--passwords <dir>', 'a folder with a password for each of them; what is missing is made')
        .action(within(redisAcl)),
    ),
  new Command('sudoers')
    .description('print what the daemon would need of sudo; it installs nothing')
    .action(within(sudoers)),
  new Command('clock')
    .description("this host's clock")
    .addCommand(
      new Command('accept')
        .description('say that it is right, and a later time that was seen here was not, as the operator')
        .option('--key <file>', "the operator's private key")
        .action(within(clockAccept)),
    ),
];
