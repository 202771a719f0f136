import { verifyAudit } from '../adapters/ledger/audit.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { print } from './terminal.ts';

/** `ops audit verify`: whether each entry follows from the one before it. */
export function auditVerify({ ledger }: Context): void {
  const result = verifyAudit(ledger.auditEntries());
  if ('firstBad' in result)
    throw new OpsError(`the audit log was changed: entry ${result.firstBad} does not follow from the one before it`);
  print(`${result.whole} entries, whole; head ${result.head}`);
}
