import { utcTime } from '../../../src/contract/names.ts';
import { claimed, work } from '../../support/draft.ts';
import { FILE_ACTION, HOST, NOW, PROBE_ACTION } from '../../support/tasks.ts';
import { concluded, stated } from '../history.ts';
import { original, put, type Refusal, undoOfOriginal } from './alter.ts';

/** When and where it would run, and who withdrew it. */
export const STANDING: readonly Refusal[] = [
  {
    name: "the host's clock fell behind by more than 120 s",
    code: 'clock',
    alter: (d) => d.history.push((ledger) => ledger.sawTime(NOW + 120_001)),
  },
  { name: 'its time has not come', code: 'too-early', alter: (d) => put(d, 'not_before', utcTime(NOW + 1000)) },
  { name: 'it expires this very second', code: 'expired', alter: (d) => put(d, 'expires_at', utcTime(NOW)) },
  { name: 'it is for another host', code: 'wrong-host', alter: (d) => put(d, 'host', 'mini-2') },
  {
    name: 'it is for any host and there are several',
    code: 'host-required',
    alter: (d) => {
      put(d, 'host', 'any');
      d.setting.host = { name: HOST, sole: false };
    },
  },
  {
    name: 'only one of its actions is a look, it is for any host and there are several',
    code: 'host-required',
    alter: (d) => {
      put(d, 'host', 'any');
      work(d).actions = [PROBE_ACTION, FILE_ACTION];
      d.setting.host = { name: HOST, sole: false };
    },
  },
  {
    name: 'its id was used up by another content',
    code: 'id-reused',
    alter: (d) => d.history.push(claimed({ ...d.task, reason: 'The first of this name' })),
  },
  {
    name: 'the task is vetoed',
    code: 'vetoed',
    alter: (d) => d.history.push(stated('veto', `task:${d.task.task_id}`)),
  },
  { name: 'its plan is vetoed', code: 'vetoed', alter: (d) => d.history.push(stated('veto', 'plan:plan-881')) },
  {
    name: 'it is both vetoed and cancelled',
    code: 'vetoed',
    alter: (d) => d.history.push(stated('cancel', `task:${d.task.task_id}`), stated('veto', 'plan:plan-881')),
  },
  {
    name: 'all hosts are vetoed',
    code: 'vetoed',
    alter: (d) => d.history.push(stated('veto', 'host:*')),
  },
  {
    name: 'this host is cancelled',
    code: 'cancelled',
    alter: (d) => d.history.push(stated('cancel', `host:${HOST}`)),
  },
  {
    name: 'an undo itself is vetoed',
    task: undoOfOriginal,
    code: 'vetoed',
    alter: (d) => d.history.push(concluded(original), stated('veto', `task:${undoOfOriginal.task_id}`)),
  },
  {
    name: 'the task is cancelled',
    code: 'cancelled',
    alter: (d) => d.history.push(stated('cancel', `task:${d.task.task_id}`)),
  },
  {
    name: 'its plan is cancelled',
    code: 'cancelled',
    alter: (d) => d.history.push(stated('cancel', 'plan:plan-881')),
  },
];
