import { expect } from 'vitest';
import { nothingRan } from '../../../src/services/ops-output.ts';
import { podmanFor, seenOn } from '../podman.ts';
import type { Trials } from '../trial.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
// The task_id of the second that is performed.
const REMOVED_BY = 'arranged-2';
const KEPT = `web.before-${REMOVED_BY}`;

export const trials: Trials = {
  'where one was kept long ago': {
    needs: ['podman'],
    arrange: async (place) => {
      const { image } = await podmanFor(place);
      const web = { name: 'web', image, network: 'host', health: ['/bin/healthy'] };
      await place.perform({ action: 'config.container.run', with: web });
      await place.perform({ action: 'config.container.remove', with: { name: 'web' } });
      const opsOutput = nothingRan(REMOVED_BY, 'config', { code: 'c', message: 'm', owner: 'manager' });
      const ended = { at: Date.now() - 31 * DAY_MS, outcome: 'completed' as const, reason: null, opsOutput };
      place.ledger.write(() => place.ledger.conclude(REMOVED_BY, ended));
    },
    observe: seenOn,
    shows: (preview, before, after) => {
      expect(preview).toMatch(/^would remove container [0-9a-f]{12} \(does not run\) for good: irreversible/);
      expect([before, after]).toEqual([[`${KEPT} exited`], []]);
    },
  },
};
