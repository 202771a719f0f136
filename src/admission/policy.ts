import { z } from 'zod';
import { ActionName, Environment, HostName, OperationType } from '../contract/names.ts';
import { isInOneForm, type NeedKind, partsOf } from '../contract/need.ts';

/** What nothing fits would look like a rule that holds. */
const isAbsolute = (path: string): boolean => path === '/' || (path.startsWith('/') && isInOneForm(path));
const word = z.string().min(1).max(1024);
const names = z
  .array(word.meta({ title: 'text' }))
  .min(1)
  .optional();
const paths = z
  .array(
    word
      .refine(isAbsolute, 'expected an absolute path without //, ., .. or a slash at its end')
      .meta({ title: 'absolute path' }),
  )
  .min(1)
  .optional();
const binaries = z
  .array(
    word
      .refine(
        (program) => !program.includes('/') || isAbsolute(program),
        'expected a name, or an absolute path without //, ., .. or a slash at its end',
      )
      .meta({ title: 'name or absolute path' }),
  )
  .min(1)
  .optional();

/** One line of what may run: all of it must fit. */
const Rule = z.strictObject({
  actions: z.array(ActionName).min(1).describe('All that [actions.md](actions.md) names may stand here.'),
  environments: z.array(Environment).min(1),
  hosts: z.array(HostName).min(1).describe('This host, by its name in `ops.yaml`: one file may serve several hosts.'),
  apps: names.describe('Apps of `etc/apps.yaml`, which says where they run, and of what they are made.'),
  paths: paths.describe('What may be changed; each covers what is below it.'),
  binaries: binaries.describe(
    'Programs that may run: as the task names them, or a folder; `/` covers all, and whatever variables have them load.',
  ),
  services: names.describe('`<supervisor>/<name>`, e.g. launchd/com.example.web.'),
  containers: names,
  images: names.describe('Repositories, without tag or digest.'),
  packages: names.describe('Names as the package manager has them.'),
  settings: names.describe('Of `defaults` on a Mac: `<domain>/<key>`.'),
  secrets: names.describe('References without `secret:`, e.g. file/db-password.'),
  network: z.literal(true).optional().describe('Commands may use the network, health checks look at other hosts.'),
});
type Rule = z.infer<typeof Rule>;

/** `etc/policy.yaml`: what may run here at all, approved or not. Exact names; empty allows nothing. */
export const Policy = z.strictObject({
  allow: z.array(Rule).describe('The rules; none allows nothing.'),
  without_security: z
    .array(z.strictObject({ operation_type: OperationType, environment: Environment }))
    .optional()
    .describe("Where a task may go without Security, if PlanReview's approval says that its workflow has none."),
});
export type Policy = z.infer<typeof Policy>;

export interface PolicyQuestion {
  action: string;
  /** What of the host it touches. */
  needs: readonly string[];
  environment: Environment;
  host: string;
}

type ListName = Exclude<keyof Rule, 'actions' | 'environments' | 'hosts' | 'network'>;

const LISTS: Record<Exclude<NeedKind, 'network'>, ListName> = {
  app: 'apps',
  path: 'paths',
  binary: 'binaries',
  service: 'services',
  container: 'containers',
  image: 'images',
  package: 'packages',
  setting: 'settings',
  secret: 'secrets',
};

export function allows(policy: Policy, question: PolicyQuestion): boolean {
  return policy.allow.some((rule) => isMeant(rule, question) && lacking(rule, question.needs).length === 0);
}

/** In which way the rules that mean the action fall short of it, one text a rule, by its place in the file. */
export function shortcomings(policy: Policy, question: PolicyQuestion): string[] {
  return policy.allow.flatMap((rule, index) => {
    if (!isMeant(rule, question)) return [];
    return [`rule ${index + 1} allows ${question.action}, but not ${lacking(rule, question.needs).join(', ')}`];
  });
}

/** The lines of `etc/policy.yaml` that would allow it. */
export function allowingLines(questions: readonly PolicyQuestion[]): string {
  const [first] = questions;
  const actions = [...new Set(questions.map(({ action }) => action))];
  return [
    'allow:',
    `  - actions: [${actions.join(', ')}]`,
    `    environments: [${first?.environment}]`,
    `    hosts: ["${first?.host}"]`,
    ...needLines(questions.flatMap(({ needs }) => needs)),
  ].join('\n');
}

export function goesWithoutSecurity(policy: Policy, operationType: OperationType, environment: Environment): boolean {
  const listed = policy.without_security ?? [];
  return listed.some((rule) => rule.operation_type === operationType && rule.environment === environment);
}

const isMeant = (rule: Rule, { action, environment, host }: PolicyQuestion): boolean =>
  rule.actions.includes(action) && rule.environments.includes(environment) && rule.hosts.includes(host);

const lacking = (rule: Rule, needs: readonly string[]): string[] => needs.filter((need) => !covers(rule, need));

function covers(rule: Rule, need: string): boolean {
  const { kind, name } = partsOf(need);
  if (kind === 'network') return rule.network === true;
  const listed = rule[LISTS[kind]] ?? [];
  if (listed.includes(name)) return true;
  return (kind === 'path' || kind === 'binary') && listed.some((folder) => isBelow(folder, name));
}

/** Every program lies below `/`, also one that is named without its folder. */
const isBelow = (folder: string, name: string): boolean =>
  folder === '/' || (folder.startsWith('/') && name.startsWith(`${folder}/`) && isInOneForm(name));

function needLines(needs: readonly string[]): string[] {
  const byList = Map.groupBy(new Set(needs), (need) => partsOf(need).kind);
  return [...byList].map(([kind, own]) =>
    kind === 'network'
      ? '    network: true'
      : `    ${LISTS[kind]}: ${JSON.stringify(own.map((need) => partsOf(need).name))}`,
  );
}
