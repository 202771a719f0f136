import { describe, expect, it } from 'vitest';
import { toldLedger } from '../../../src/adapters/ledger/told.ts';
import { createLogger } from '../../../src/log.ts';
import { Redactor } from '../../../src/secret.ts';
import { actionsTask, claimed, testLedger } from '../../services/support.ts';

function told(level = 'info') {
  const lines: Record<string, unknown>[] = [];
  const sinks = [(line: string) => lines.push(JSON.parse(line))];
  const log = createLogger({ redactor: new Redactor(), sinks });
  log.level = level;
  const ledger = toldLedger(testLedger(), log);
  return { ledger, lines, events: () => lines.map(({ event }) => event) };
}

describe('what happens to tasks', () => {
  it('is logged once it is written, and once it is on the disk where its writer waits for that', async () => {
    const { ledger, events } = told();
    ledger.write(() => {
      ledger.audit({ event: 'first' }, { outcome: 'applied' });
      ledger.audit({ event: 'second' }, { outcome: 'applied' });
      expect(events()).toEqual([]);
    });
    expect(events()).toEqual(['first', 'second']);
    const committed = ledger.commit(() => ledger.audit({ event: 'third' }, { outcome: 'applied' }));
    ledger.write(() => ledger.audit({ event: 'fourth' }, { outcome: 'applied' }));
    expect(events()).toEqual(['first', 'second', 'fourth']);
    await committed;
    expect(events()).toEqual(['first', 'second', 'fourth', 'third']);
  });

  it('is not logged when it was rolled back, neither then nor later', async () => {
    const { ledger, events } = told();
    const fail = () => {
      ledger.audit({ event: 'lost' }, { outcome: 'applied' });
      throw new Error('rolled back');
    };
    expect(() => ledger.write(fail)).toThrow('rolled back');
    await expect(ledger.commit(fail)).rejects.toThrow('rolled back');
    ledger.write(() => ledger.audit({ event: 'kept' }, { outcome: 'applied' }));
    expect(events()).toEqual(['kept']);
  });

  it('is a warning where it is not as it should be, and for debugging where it is only intended', () => {
    const { ledger, lines } = told('debug');
    ledger.write(() => {
      for (const outcome of ['applied', 'completed', 'failed', 'refused', 'unknown', 'undo-failed'])
        ledger.audit({ event: outcome }, { outcome });
      ledger.audit({ event: 'step-applying' });
    });
    expect(lines.map(({ level, event }) => [level, event])).toEqual([
      [30, 'applied'],
      [30, 'completed'],
      [40, 'failed'],
      [40, 'refused'],
      [40, 'unknown'],
      [40, 'undo-failed'],
      [20, 'step-applying'],
    ]);
  });

  it('names the action; the audit log keeps nothing of what is only told', async () => {
    const { ledger, lines } = told();
    await claimed(ledger, actionsTask({ task_id: 't-1' }));
    ledger.write(() => ledger.audit({ event: 'e', task_id: 't-1' }, { action: 1, outcome: 'failed', reason: 'text' }));
    expect(lines[0]).toMatchObject({ task_id: 't-1', action: 'config.file', outcome: 'failed', reason: 'text' });
    expect([...ledger.auditEntries()]).toMatchObject([{ event: 'e', task_id: 't-1', detail: {} }]);
  });
});
