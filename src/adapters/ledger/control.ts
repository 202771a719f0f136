import type { DatabaseSync } from 'node:sqlite';
import type { Pause, Withdrawal } from '../../admission/facts.ts';
import { CONTROL_MAX_AGE_MS } from '../../contract/control.ts';
import type { Ledger } from '../../services/ledger.ts';
import type { Clock } from '../../services/ports.ts';
import type { Meta } from './meta.ts';

type ControlPart = Pick<
  Ledger,
  'lateTokens' | 'addLateToken' | 'controlCursor' | 'moveControlCursor' | keyof ReturnType<typeof statementsIn>
>;

/** Of each signer about each subject the newest: all of them are verified for each task that they are about. */
const KEPT_TOKENS = 20;

export function controlIn(db: DatabaseSync, meta: Meta, clock: Clock): ControlPart {
  const tokens = db.prepare(
    'SELECT token FROM late_tokens WHERE subject IN (SELECT value FROM json_each(?)) ORDER BY rowid',
  );
  const addToken = db.prepare('INSERT OR IGNORE INTO late_tokens (token, subject, by, iat) VALUES (?, ?, ?, ?)');
  const dropOldest = db.prepare(
    `DELETE FROM late_tokens WHERE subject = :sub AND by = :iss AND rowid NOT IN (
       SELECT rowid FROM late_tokens WHERE subject = :sub AND by = :iss ORDER BY iat DESC, rowid DESC LIMIT ${KEPT_TOKENS})
     RETURNING token`,
  );
  return {
    ...statementsIn(db, clock),
    lateTokens: (subjects) => tokens.all(JSON.stringify(subjects)).map((row) => String(row['token'])),
    addLateToken: ({ sub, iss, iat }, token) => {
      if (addToken.run(token, sub, iss, iat).changes === 0) return false;
      return dropOldest.all({ sub, iss }).every((dropped) => dropped['token'] !== token);
    },
    controlCursor: () => meta.get('control_cursor') ?? '0-0',
    moveControlCursor: (cursor) => meta.set('control_cursor', cursor),
  };
}

/**
 * A statement with a jti that its issuer has used changes nothing, nor does one that is older than the last about its
 * target; only that Manager's word makes nothing of others' old, or it could keep out what they say against it.
 */
const ADD = `INSERT OR IGNORE INTO statements (target, verb, role, by, reason, iat, exp, jti, token)
  SELECT :target, :verb, :role, :iss, :reason, :iat, :exp, :jti, :token
  WHERE :verb = 'veto' OR NOT EXISTS (
    SELECT 1 FROM statements
    WHERE target = :target AND verb <> 'veto' AND iat > :iat AND NOT (role = 'manager' AND :role <> 'manager'))`;

/** A resume ends all pauses of its target before it; Security's only if Security or the operator says it. */
const PAUSES = `SELECT target, reason, by, exp * 1000 AS until FROM statements AS pause
  WHERE verb = 'pause' AND exp * 1000 > :now AND (:targets IS NULL OR target IN (SELECT value FROM json_each(:targets)))
    AND NOT EXISTS (
      SELECT 1 FROM statements AS later
      WHERE later.target = pause.target AND later.verb = 'resume' AND later.id > pause.id
        AND NOT (later.role = 'manager' AND pause.role = 'security'))
  ORDER BY id`;

function statementsIn(db: DatabaseSync, clock: Clock) {
  const add = db.prepare(ADD);
  const known = db.prepare("SELECT 1 FROM statements WHERE by = ? AND jti = ? AND verb <> 'veto'");
  const pauses = db.prepare(PAUSES);
  const seen = db.prepare("UPDATE statements SET in_stream = 1 WHERE target = ? AND verb = 'veto'");
  const forget = db.prepare("UPDATE statements SET in_stream = 0 WHERE verb = 'veto'");
  const toRestore = db.prepare('SELECT target, token FROM statements WHERE NOT in_stream ORDER BY id LIMIT ?');
  // What is older than the longest validity has expired, and so has all that it makes old.
  const prune = db.prepare("DELETE FROM statements WHERE verb <> 'veto' AND iat * 1000 + ? <= ?");
  const withdrawals = db.prepare(
    `SELECT target, verb, reason, by FROM statements
     WHERE verb IN ('veto', 'cancel') AND target IN (SELECT value FROM json_each(?))
       AND (exp IS NULL OR exp * 1000 > ?) ORDER BY verb DESC, id`,
  );
  return {
    addStatement: ({ exp, ...claims }, token) => {
      prune.run(CONTROL_MAX_AGE_MS, clock.now());
      const news = add.run({ ...claims, exp: exp ?? null, token }).changes > 0;
      if (claims.verb === 'veto') seen.run(claims.target);
      if (news) return 'news';
      return claims.verb === 'veto' || known.get(claims.iss, claims.jti) ? 'known' : 'older';
    },
    withdrawals: (targets, now) => withdrawals.all(JSON.stringify(targets), now) as unknown as Withdrawal[],
    pauses: (now, targets) =>
      pauses.all({ now, targets: targets ? JSON.stringify(targets) : null }) as unknown as Pause[],
    forgetControlStream: () => {
      forget.run();
    },
    vetoesToRestore: (limit) => toRestore.all(limit) as unknown as { target: string; token: string }[],
    vetoRestored: (target) => {
      seen.run(target);
    },
  } satisfies Partial<Ledger>;
}
