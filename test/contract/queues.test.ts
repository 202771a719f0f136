import { describe, expect, it } from 'vitest';
import { queueNames, taskIdOfJob } from '../../src/contract/queues.ts';

describe("the task of a job's id", () => {
  it.each([
    ['x', 'x'],
    ['x~2', 'x'],
    ['x~9', 'x'],
    ['x~10', 'x'],
    ['x~19', 'x'],
    ['x~99', 'x'],
    ['x~100', 'x'],
    ['x~999', 'x'],
    ['deploy-web-2026-11-23-01~3', 'deploy-web-2026-11-23-01'],
  ])('%s is %s', (jobId, taskId) => {
    expect(taskIdOfJob(jobId)).toBe(taskId);
  });

  it.each([
    '',
    '~2x',
    'x~',
    'x~0',
    'x~1',
    'x~01',
    'x~02',
    'x~2 ',
    'x~2\n',
    'x~-2',
    'x~2.0',
    'x~1000',
    'x~abc',
    'x-2',
    'x~２',
  ])('is not shortened: %j', (jobId) => {
    expect(taskIdOfJob(jobId)).toBe(jobId);
  });

  it('loses one suffix only, so that a second one never passes', () => {
    expect(taskIdOfJob('x~2~3')).toBe('x~2');
  });
});

describe('the names of queues', () => {
  it('are those of the contract', () => {
    const { hostTasks, published, probe, ...fixed } = queueNames();
    expect({
      ...fixed,
      hostTasks: hostTasks('mini-1'),
      published: published('mini-1'),
      probe: probe('mini-1'),
    }).toEqual({
      prefix: '{savorg}',
      tasks: 'ops',
      hostTasks: 'ops-mini-1',
      results: 'ops-results',
      alerts: 'ops-alerts',
      control: '{savorg}:ops-control',
      published: '{savorg}:published:mini-1',
      probe: '{savorg}:probe:mini-1',
    });
  });

  it('follow the configuration', () => {
    const names = queueNames({ prefix: '{lab}', tasks: 'work', alerts: 'bells' });
    expect([names.prefix, names.tasks, names.results, names.alerts]).toEqual([
      '{lab}',
      'work',
      'work-results',
      'bells',
    ]);
    expect([names.control, names.hostTasks('a'), names.published('a')]).toEqual([
      '{lab}:work-control',
      'work-a',
      '{lab}:published:a',
    ]);
  });
});
