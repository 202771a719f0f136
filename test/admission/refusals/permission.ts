import { Environment } from '../../../src/contract/names.ts';
import { claimed, work } from '../../support/draft.ts';
import { actionsTask, COMMAND_ACTION, FILE_ACTION, HOST, slotTask, undoTask } from '../../support/tasks.ts';
import { concluded } from '../history.ts';
import { original, type Refusal, undoOfOriginal } from './alter.ts';

/** What allows the file that the usual task writes. */
const EVERYWHERE = { actions: ['config.file'], environments: [...Environment.options], hosts: [HOST], paths: ['/etc'] };

/** What this host allows, and can take back. */
export const PERMISSION: readonly Refusal[] = [
  {
    name: 'the policy is empty',
    code: 'not-allowed',
    alter: (d) => {
      d.setting.policy = { allow: [] };
    },
  },
  {
    name: 'the policy allows it in staging only',
    code: 'not-allowed',
    alter: (d) => {
      d.setting.policy = { allow: [{ ...EVERYWHERE, environments: ['staging'] }] };
    },
  },
  {
    name: 'it is for staging and the policy allows it in production only',
    task: actionsTask({ environment: 'staging' }),
    code: 'not-allowed',
    alter: (d) => {
      d.setting.policy = { allow: [{ ...EVERYWHERE, environments: ['production'] }] };
    },
  },
  {
    name: 'the policy allows it on another host only',
    code: 'not-allowed',
    alter: (d) => {
      d.setting.policy = { allow: [{ ...EVERYWHERE, hosts: ['mini-2'] }] };
    },
  },
  {
    name: 'the policy allows one of its two actions',
    code: 'not-allowed',
    alter: (d) => {
      work(d).actions = [FILE_ACTION, COMMAND_ACTION];
      d.setting.policy = { allow: [EVERYWHERE] };
    },
  },
  {
    name: 'the policy allows it on another path only',
    code: 'not-allowed',
    alter: (d) => {
      d.setting.policy = { allow: [{ ...EVERYWHERE, paths: ['/etc/motd.d', '/srv'] }] };
    },
  },
  {
    name: 'the policy allows another program only',
    code: 'not-allowed',
    alter: (d) => {
      work(d).actions = [COMMAND_ACTION];
      d.setting.policy = { allow: [{ ...EVERYWHERE, actions: ['infra.command'], binaries: ['/usr/bin/touch'] }] };
    },
  },
  { name: 'what it takes back never ran here', task: undoOfOriginal, code: 'not-undoable', alter: () => undefined },
  {
    name: 'what it takes back ran here with another content',
    task: undoOfOriginal,
    code: 'not-undoable',
    alter: (d) => d.history.push(concluded({ ...original, reason: 'Another' })),
  },
  {
    name: 'what it takes back has not ended',
    task: undoOfOriginal,
    code: 'not-undoable',
    alter: (d) => d.history.push(claimed(original)),
  },
  {
    name: 'what it takes back changed nothing',
    task: undoOfOriginal,
    code: 'not-undoable',
    alter: (d) => d.history.push(concluded(original, [])),
  },
  {
    name: 'what it takes back is taken back',
    task: undoOfOriginal,
    code: 'not-undoable',
    alter: (d) => d.history.push(concluded(original, ['undone'])),
  },
  {
    name: 'what it takes back is an undo',
    task: undoTask(undoOfOriginal),
    code: 'not-undoable',
    alter: (d) => d.history.push(concluded(undoOfOriginal)),
  },
  {
    name: 'the action that it takes back is not there',
    task: { ...undoOfOriginal, undo: { ...undoOfOriginal.undo, action: 2 } },
    code: 'not-undoable',
    alter: (d) => d.history.push(concluded(original)),
  },
  {
    name: 'no definition of its schedule stands here',
    task: slotTask(),
    code: 'no-definition',
    alter: () => undefined,
  },
];
