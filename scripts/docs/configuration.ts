import { Policy } from '../../src/admission/policy.ts';
import { OpsFile } from '../../src/ops-file.ts';
import { App, AppsFile } from '../../src/planning/app.ts';
import { Front, HandOver, Instance, Place } from '../../src/planning/place.ts';
import { schemaOf, tableOf } from './table.ts';

const NOTE = '<!-- Written by `npm run docs` from the schemas: change it there. -->';

/** `docs/configuration.md` */
export const configurationPage = (): string => `${NOTE}
# Configuration

Three files in \`etc/\` of the [home](operating.md#the-home), in YAML. Unknown fields are refused, and a file that cannot be used keeps
the daemon in safe mode, which says what to mend.

## etc/ops.yaml

Read at the daemon's start.

${tableOf(schemaOf(OpsFile))}

Besides it counts in the environment: \`OPS_HOME\` (the home), \`REDIS_URL\` (before \`etc/redis-url\`), \`OPS_LOG_LEVEL\`
(\`fatal\`, \`error\`, \`warn\`, \`info\`, \`debug\`, \`trace\`, \`silent\`) and \`OPS_DASHBOARD\` (before \`dashboard\`: an address, or \`off\`).

## etc/policy.yaml

What may run here at all, approved or not; read again when it changes. How rules are read: [policy.md](policy.md).

${tableOf(schemaOf(Policy))}

## etc/apps.yaml

The apps that can be deployed here; without the file there are none. Read again when it changes; one that cannot be used refuses
deploys (\`bad-apps\`), not the daemon's start. A commented example: [examples/apps.yaml](../examples/apps.yaml); how a deploy goes:
[deploys.md](deploys.md).

${tableOf(schemaOf(AppsFile))}

### app

${tableOf(schemaOf(App))}

${placeSections()}`;

const checksOf = (table: string): string => table.replaceAll('(#health-check)', '(actions.md#health-check)');

const placeSections = (): string => `### environment

\`staging\` or \`production\` of an app.

${checksOf(tableOf(schemaOf(Place)))}

### hand-over

Of an environment: two instances take turns ([deploys.md](deploys.md#handing-over)).

${tableOf(schemaOf(HandOver))}

### instance

${checksOf(tableOf(schemaOf(Instance)))}

### front

${tableOf(schemaOf(Front))}
`;
