import type { DatabaseSync } from 'node:sqlite';
import { digestOf } from '../../contract/digest.ts';
import { utcTime } from '../../contract/names.ts';
import type { AuditEntry, AuditHead, Ledger } from '../../services/ledger.ts';
import type { Clock } from '../../services/ports.ts';

/** The head of an audit log in which nothing has happened yet. */
const EMPTY_AUDIT: AuditHead = { seq: 0, head: digestOf('savorg-ops audit') };

export function auditIn(db: DatabaseSync, clock: Clock): Pick<Ledger, 'audit' | 'auditHead' | 'auditEntries'> {
  const newest = db.prepare('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1');
  const insert = db.prepare('INSERT INTO audit (seq, at, event, task_id, detail, hash) VALUES (?, ?, ?, ?, ?, ?)');
  const all = db.prepare('SELECT * FROM audit ORDER BY seq');
  const head = (): AuditHead => {
    const row = newest.get();
    return row ? { seq: Number(row['seq']), head: String(row['hash']) } : EMPTY_AUDIT;
  };
  return {
    auditHead: head,
    audit: ({ event, task_id, detail }) => {
      const before = head();
      const entry = {
        seq: before.seq + 1,
        at: utcTime(clock.now()),
        event,
        ...(task_id && { task_id }),
        detail: detail ?? {},
      };
      insert.run(entry.seq, entry.at, event, task_id ?? null, JSON.stringify(entry.detail), linkOf(before.head, entry));
    },
    *auditEntries() {
      for (const row of all.iterate()) yield entryOf(row);
    },
  };
}

/** Each entry's hash covers the hash before it: an edit, a cut or a swap changes every later one. */
function linkOf(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  return digestOf({ before, entry });
}

function entryOf(row: Record<string, unknown>): AuditEntry {
  const taskId = row['task_id'] as string | null;
  return {
    seq: Number(row['seq']),
    at: String(row['at']),
    event: String(row['event']),
    ...(taskId !== null && { task_id: taskId }),
    detail: detailOf(String(row['detail'])),
    hash: String(row['hash']),
  };
}

/** What was changed into no JSON is read, too: it is for the chain to say that it was changed. */
function detailOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return { unreadable: text };
  }
}

export type AuditVerdict = { whole: number; head: string } | { firstBad: number } | { cutAfter: number };

/**
 * Whether each entry follows from the one before it, and whether every head that is known from elsewhere is still there:
 * the first that is not, or after which one the end was cut off.
 */
export function verifyAudit(entries: Iterable<AuditEntry>, known: readonly AuditHead[]): AuditVerdict {
  const heads = Map.groupBy(known, ({ seq }) => seq);
  let { seq, head } = EMPTY_AUDIT;
  for (const { hash, ...entry } of entries) {
    const follows = entry.seq === seq + 1 && hash === linkOf(head, entry);
    const agrees = (heads.get(entry.seq) ?? []).every((it) => it.head === hash);
    if (!follows || !agrees) return { firstBad: entry.seq };
    ({ seq } = entry);
    head = hash;
  }
  return known.some((it) => it.seq > seq) ? { cutAfter: seq } : { whole: seq, head };
}
