import { Policy } from '../../src/admission/policy.ts';
import { OpsFile } from '../../src/ops-file.ts';
import { schemaOf, tableOf } from './table.ts';

const NOTE = '<!-- Written by `npm run docs` from the schemas: change it there. -->';

/** `docs/configuration.md` */
export const configurationPage = (): string => `${NOTE}
# Configuration

Two files in \`etc/\` of the [home](operating.md#the-home), in YAML. Unknown fields are refused, and a file that cannot be used keeps
the daemon in safe mode, which says what to mend.

## etc/ops.yaml

Read at the daemon's start.

${tableOf(schemaOf(OpsFile))}

Besides it counts in the environment: \`OPS_HOME\` (the home), \`REDIS_URL\` (before \`etc/redis-url\`), \`OPS_LOG_LEVEL\`
(\`fatal\`, \`error\`, \`warn\`, \`info\`, \`debug\`, \`trace\`, \`silent\`) and \`OPS_DASHBOARD\` (before \`dashboard\`: an address, or \`off\`).

## etc/policy.yaml

What may run here at all, approved or not; read again when it changes. How rules are read: [policy.md](policy.md).

${tableOf(schemaOf(Policy))}
`;
