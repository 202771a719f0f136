import type { Context } from './context.ts';
import { printData, printTable } from './terminal.ts';

/** `ops alerts`: the newest alerts of this host as they stand now. */
export function alerts({ ledger }: Context, options: { json?: boolean }): void {
  const all = ledger.alerts();
  if (options.json) printData(all, options);
  else
    printTable(
      ['alert', 'state', 'severity', 'raised at', 'message'],
      all.map(({ alert_id, state, severity, raised_at, message }) => [alert_id, state, severity, raised_at, message]),
    );
}
