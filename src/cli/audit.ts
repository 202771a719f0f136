import { verifyAudit } from '../adapters/ledger/audit.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { print } from './terminal.ts';

/** `ops audit verify`: whether nothing in the audit log was changed, added or cut off, as far as this ledger can tell. */
export function auditVerify({ ledger }: Context): void {
  const verdict = verifyAudit(ledger.auditEntries(), ledger.reportedHeads());
  if ('firstBad' in verdict)
    throw new OpsError(`the audit log was changed: entry ${verdict.firstBad} is not what it was`);
  if ('cutAfter' in verdict)
    throw new OpsError(`the audit log was cut off after entry ${verdict.cutAfter}: reports name later ones`);
  print(`${verdict.whole} entries, whole; head ${verdict.head}`);
}
