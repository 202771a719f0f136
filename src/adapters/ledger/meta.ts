import type { DatabaseSync } from 'node:sqlite';

/** The ledger's few single values. */
export interface Meta {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
}

export function metaIn(db: DatabaseSync): Meta {
  const get = db.prepare('SELECT value FROM meta WHERE key = ?');
  const put = db.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
  return {
    get: (key) => get.get(key)?.['value'] as string | undefined,
    set: (key, value) => {
      put.run(key, value);
    },
  };
}
