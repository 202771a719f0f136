import type { DatabaseSync } from 'node:sqlite';
import type { AppEnvironment } from '../../planning/app.ts';
import type { Release } from '../../planning/release.ts';
import type { ReleaseLedger } from '../../services/releases.ts';
import type { Row } from './row.ts';

const PUT = `INSERT OR REPLACE INTO releases (app, environment, id, version, tree, state, task_id, made_at, stable_at)
 VALUES (:app, :environment, :id, :version, :tree, :state, :task_id, :madeAt, :stableAt)`;

const OF_ALL =
  'SELECT * FROM releases WHERE app = coalesce(:app, app) AND environment = coalesce(:environment, environment)';

export function releasesIn(db: DatabaseSync): ReleaseLedger {
  const one = db.prepare('SELECT * FROM releases WHERE app = :app AND environment = :environment AND id = :id');
  const all = db.prepare(`${OF_ALL} ORDER BY made_at DESC, id DESC`);
  const put = db.prepare(PUT);
  const remove = db.prepare('DELETE FROM releases WHERE app = :app AND environment = :environment AND id = :id');
  return {
    releaseAt: ({ app, environment, id }) => (one.all({ app, environment, id }) as Row[]).map(releaseOf)[0],
    releases: (app, environment) =>
      (all.all({ app: app ?? null, environment: environment ?? null }) as Row[]).map(releaseOf),
    putRelease: (release) => void put.run({ ...release }),
    removeRelease: ({ app, environment, id }) => void remove.run({ app, environment, id }),
  };
}

function releaseOf(row: Row): Release {
  return {
    id: String(row['id']),
    app: String(row['app']),
    environment: row['environment'] as AppEnvironment,
    version: String(row['version']),
    tree: String(row['tree']),
    state: row['state'] as Release['state'],
    task_id: String(row['task_id']),
    madeAt: Number(row['made_at']),
    stableAt: row['stable_at'] === null ? null : Number(row['stable_at']),
  };
}
