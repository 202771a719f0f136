import { expect, it } from 'vitest';
import { registry } from '../../../jobs/index.ts';
import { upgrade } from '../../../jobs/infra/upgrade.ts';
import type { ActionRequest } from '../../../src/contract/task.ts';
import { boundActionsOf } from '../../../src/services/work.ts';
import { actionsTask, runCommand } from '../../services/support.ts';

const input = { version: '1.2.0', artifact: `sha256:${'0b'.repeat(32)}` };
const UPGRADE: ActionRequest = { action: 'infra.upgrade', with: input, irreversible: true };

const bound = (actions: ActionRequest[], on_interrupt: 'resume' | 'undo' = 'resume') =>
  boundActionsOf(actionsTask({ actions, on_interrupt }), registry, { definition: () => undefined });
const plan = (version: string | null) => upgrade.plan(input, { installation: { version } });

it('is nothing where that version is installed', () => expect(plan('1.2.0')).toEqual([]));

it('needs an installation', () => expect(() => plan(null)).toThrow(expect.objectContaining({ code: 'not-installed' })));

it('names its artifact, so that it can be vetoed', () =>
  expect(upgrade.subjects(input)).toEqual([`artifact:${input.artifact}`]));

it('is the last action of a task that is resumed', () => {
  expect(bound([runCommand(['true']), UPGRADE])).toHaveLength(2);
  expect(bound([UPGRADE, runCommand(['true'])])).toContain("must be its task's last action");
  expect(bound([UPGRADE, UPGRADE])).toContain('the only one of its kind');
  expect(bound([UPGRADE], 'undo')).toContain('must say on_interrupt: resume');
});

it.each([
  ['../1.2.0', input.artifact],
  ['latest', input.artifact],
  ['1.2.0', '0b'.repeat(32)],
])('takes no %s of %s', (version, artifact) =>
  expect(upgrade.input.safeParse({ version, artifact }).success).toBe(false),
);
