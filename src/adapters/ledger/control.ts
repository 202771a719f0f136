import type { DatabaseSync } from 'node:sqlite';
import type { Withdrawal } from '../../admission/facts.ts';
import type { Ledger } from '../../services/ledger.ts';
import type { Meta } from './meta.ts';

type ControlPart = Pick<
  Ledger,
  'lateTokens' | 'addLateToken' | 'withdraw' | 'withdrawals' | 'controlCursor' | 'moveControlCursor'
>;

export function controlIn(db: DatabaseSync, meta: Meta): ControlPart {
  const tokens = db.prepare(
    'SELECT token FROM late_tokens WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY rowid',
  );
  const addToken = db.prepare('INSERT OR IGNORE INTO late_tokens (token, subject) VALUES (?, ?)');
  const put = db.prepare(
    `INSERT INTO withdrawals (target, verb, reason, by, iat, exp, token) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (target, verb) DO UPDATE SET reason = excluded.reason, by = excluded.by, iat = excluded.iat,
       exp = excluded.exp, token = excluded.token WHERE excluded.iat > withdrawals.iat`,
  );
  const inForce = db.prepare(
    `SELECT target, verb, reason, by FROM withdrawals
     WHERE target IN (SELECT value FROM json_each(?)) AND (exp IS NULL OR exp * 1000 > ?) ORDER BY verb DESC, iat`,
  );
  return {
    lateTokens: (subjects) => tokens.all(JSON.stringify(subjects)).map((row) => String(row['token'])),
    addLateToken: (subject, token) => addToken.run(token, subject).changes > 0,
    withdraw: ({ target, verb, reason, by, iat, exp, token }) =>
      put.run(target, verb, reason, by, iat, exp, token).changes > 0,
    withdrawals: (targets, now) => inForce.all(JSON.stringify(targets), now) as unknown as Withdrawal[],
    controlCursor: () => meta.get('control_cursor') ?? '0-0',
    moveControlCursor: (cursor) => meta.set('control_cursor', cursor),
  };
}
