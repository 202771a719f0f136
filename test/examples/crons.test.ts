import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { registry } from '../../jobs/index.ts';
import { parseTask } from '../../src/contract/task.ts';
import { bindActions } from '../../src/planning/registry.ts';
import { Definition, dependenciesOf } from '../../src/schedule/definition.ts';
import { EXAMPLES, stockNames, stockText } from '../support/stock.ts';

const definitionOf = (name: string): Definition => Definition.parse(parse(stockText(name)));

/** The texts that a shell reads. */
function scriptsOf({ actions }: Definition): string[] {
  return actions.flatMap(({ with: input }) => {
    const { text, undo_text, check } = input as { text?: string; undo_text?: string; check?: { argv: string[] } };
    return [text, undo_text, check?.argv[2]].filter((script) => script !== undefined);
  });
}

describe('the stock definitions', () => {
  it('are these', () => {
    expect(stockNames.toSorted()).toEqual([
      'backup-with-restore-check',
      'disk-health',
      'log-pruning',
      'trash-emptying',
      'update-report',
    ]);
  });

  it('depend on each other only', () => {
    expect(
      stockNames.flatMap((name) => dependenciesOf(definitionOf(name))).filter((name) => !stockNames.includes(name)),
    ).toEqual([]);
  });

  it('are irreversible in one place', () => {
    const forEver = stockNames.filter((name) => definitionOf(name).actions.some(({ irreversible }) => irreversible));
    expect(forEver).toEqual(['trash-emptying']);
  });
});

describe.each(stockNames)('%s', (name) => {
  it('is a definition of that name, and this version understands its actions', () => {
    expect(definitionOf(name).name).toBe(name);
    expect(bindActions(registry, definitionOf(name).actions)).toBeInstanceOf(Array);
  });

  it.each(['dash', 'bash'])('is read by %s, by the shell of Debian and by that of a Mac', async (shell) => {
    for (const input of scriptsOf(definitionOf(name)))
      expect(await execa(shell, shell === 'bash' ? ['--posix', '-n'] : ['-n'], { input, all: true })).toMatchObject({
        all: '',
      });
  });
});

describe('the task that defines one of them', () => {
  it('is a task, and brings the definition as it stands', () => {
    const task = parse(readFileSync(join(EXAMPLES, 'define-disk-health.yaml'), 'utf8'));
    expect(parseTask({ ...task, host: 'mini-1', expires_at: '2026-11-23T12:00:00Z' }).error).toBeUndefined();
    expect(task.actions).toEqual([{ action: 'cron.define', with: definitionOf('disk-health') }]);
  });
});
