import type { Ledger } from '../../services/ledger.ts';
import type { Meta } from './meta.ts';

/** How much the time on the disk may lag behind the latest one seen, so that not every reading of it is a write. */
const GRAIN_MS = 60_000;
const KEY = 'high_water_at';
/** When this ledger began, which a clock that was wrong may have put into the future, too. */
export const BIRTH = 'born_at';

export function timeIn(meta: Meta): Pick<Ledger, 'sawTime' | 'latestTime' | 'acceptTime'> {
  const stored = () => Number(meta.get(KEY) ?? 0);
  let seen = 0;
  return {
    latestTime: () => Math.max(seen, stored()),
    sawTime: (now) => {
      seen = Math.max(seen, now);
      if (now >= stored() + GRAIN_MS) meta.set(KEY, String(now));
    },
    acceptTime: (wrong, right) => {
      if (wrong !== stored()) return false;
      meta.set(KEY, String(right));
      if (Number(meta.get(BIRTH)) > right) meta.set(BIRTH, String(right));
      seen = right;
      return true;
    },
  };
}
