import { definition } from '../../support/definitions.ts';
import { work } from '../../support/draft.ts';
import { KNOWN_SECRET } from '../../support/line.ts';
import { COMMAND_ACTION, FILE_ACTION } from '../../support/tasks.ts';
import { put, type Refusal } from './alter.ts';

const GITHUB = `ghp_${'A1b2'.repeat(9)}`;

const withEnv =
  (env: Record<string, string>): Refusal['alter'] =>
  (d) => {
    work(d).actions = [{ ...COMMAND_ACTION, with: { ...COMMAND_ACTION.with, env } }];
  };

const withContent =
  (content: string): Refusal['alter'] =>
  (d) => {
    work(d).actions = [{ ...FILE_ACTION, with: { ...FILE_ACTION.with, content } }];
  };

const ROWS: readonly Omit<Refusal, 'code'>[] = [
  { name: 'T15: a password stands under the name of one', alter: withEnv({ DB_PASSWORD: 'correct-horse' }) },
  { name: 'T15: a token of a known form stands under any name', alter: withEnv({ A: GITHUB }) },
  { name: 'T15: a token stands in a file', alter: withContent(`token = "${GITHUB}"\n`) },
  { name: 'T15: a token stands in its reason', alter: (d) => put(d, 'reason', `With ${GITHUB}`) },
  { name: 'T15: a secret of this host stands in it', alter: withContent(`x ${KNOWN_SECRET} y`) },
  {
    name: 'T15: a secret of this host stands in it in base64',
    alter: withContent(Buffer.from(`user:${KNOWN_SECRET}`).toString('base64')),
  },
  {
    name: 'T15: a secret of this host stands in it in hex',
    alter: withContent(Buffer.from(KNOWN_SECRET).toString('hex')),
  },
  {
    name: 'T15: a schedule that it defines would run with a password',
    alter: (d) => {
      const action = { ...COMMAND_ACTION, with: { ...COMMAND_ACTION.with, env: { API_KEY: 'correct-horse' } } };
      Object.assign(d.task, { operation_type: 'cron', environment: 'host' });
      Object.assign(d.delivery, { name: 'cron' });
      work(d).actions = [{ action: 'cron.define', with: { ...definition(), actions: [action] } }];
    },
  },
];

/** T15: whoever can read Redis can read these. */
export const SECRETS: readonly Refusal[] = ROWS.map((row) => ({ ...row, code: 'literal-secret' }));
