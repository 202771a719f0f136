import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { registry } from '../../jobs/index.ts';
import type { ActionRequest } from '../../src/contract/task.ts';
import type { AnyAction, BoundAction } from '../../src/planning/action.ts';
import { Probe } from '../../src/planning/probe.ts';
import { bindActions } from '../../src/planning/registry.ts';
import { permissionsOf } from '../../src/planning/run-plan.ts';
import { schemaOf, tableOf, tablesByType } from './table.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/actions');

const byName = Object.entries(registry).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** `docs/actions.md` */
export const actionsPage =
  (): string => `<!-- Written by \`npm run docs\` from the registry and examples/actions: change it there. -->
# Actions

What Ops can do on a host. How a task is written, signed and sent: [tasks.md](tasks.md). Each example is a whole task, but for
\`host\` and \`expires_at\`, which \`ops sign\` fills in; each is run by a test, in a folder that stands for \`/srv/example\`.

| action | |
|---|---|
${byName.map(([name, { summary }]) => `| [\`${name}\`](#${anchorOf(name)}) | ${summary} |`).join('\n')}

${byName.map(([name, action]) => section(name, action)).join('\n')}
## health check

Looks until what it looks at is well, or its attempts are used up. It changes nothing. One of:

${tablesByType(schemaOf(Probe))}
`;

const anchorOf = (title: string): string => title.replaceAll(/[^\w-]/g, '');

function section(name: string, action: AnyAction): string {
  const text = exampleText(name);
  const bound = boundIn(text);
  return `## ${name}

${action.summary}

- **Undo** ${action.undo}.${bound.map(irreversibleWithout).find(Boolean) ?? ''}
- **Policy** must allow, for the example: ${permitted(bound)}.

${tableOf(schemaOf(action.input))}

\`\`\`yaml
${text.trimEnd()}
\`\`\`
`;
}

/** The conformance suite misses one that is not there. */
function exampleText(name: string): string {
  const path = join(EXAMPLES, `${name}.yaml`);
  return existsSync(path) ? readFileSync(path, 'utf8') : 'actions: []';
}

function boundIn(text: string): BoundAction[] {
  const { actions } = parse(text) as { actions: ActionRequest[] };
  const bound = bindActions(registry, actions);
  if (typeof bound === 'string') throw new Error(bound);
  return bound;
}

/** Says so where the action can be taken back only because of one of its fields, or not at all. */
function irreversibleWithout({ action, input }: BoundAction): string {
  const says = 'the task must say `irreversible: true`';
  if (!action.reversible(input)) return ` It cannot be taken back: ${says}.`;
  const fields = Object.entries(input as object);
  const needed = fields.find(([name]) => {
    const rest = action.input.safeParse(Object.fromEntries(fields.filter(([other]) => other !== name)));
    return rest.success && !action.reversible(rest.data);
  });
  return needed ? ` Without \`${needed[0]}\` it cannot be taken back, and ${says}.` : '';
}

/** e.g. `config.file` with `path:/srv/example/app.conf` */
function permitted(bound: readonly BoundAction[]): string {
  const each = bound.flatMap(permissionsOf).map(({ name, needs }) => {
    const listed = needs.map((need) => `\`${need}\``).join(', ');
    return `\`${name}\`${listed && ` with ${listed}`}`;
  });
  return [...new Set(each)].join('; ');
}
