import { isDeepStrictEqual } from 'node:util';
import type { State } from '../../planning/record.ts';
import type { Release } from '../../planning/release.ts';
import type { ReleaseStep } from '../../planning/step.ts';
import type { Trees } from '../../services/host.ts';
import type { Ledger } from '../../services/ledger.ts';
import type { Clock } from '../../services/ports.ts';
import type { ReleaseLedger } from '../../services/releases.ts';
import { applied, type Effect, refusedTo, type StepContext, type StepKind } from '../../services/step-kind.ts';

export interface ReleasePorts {
  releases: ReleaseLedger & Pick<Ledger, 'write'>;
  trees: Pick<Trees, 'fact'>;
  clock: Clock;
}

/** The row of a release; its undo writes it as it was. */
export function releaseRecord(ports: ReleasePorts): StepKind<ReleaseStep> {
  const { releases } = ports;
  const look = async ({ release }: ReleaseStep): Promise<State> => stateOf(releases.releaseAt(release));
  return {
    observe: look,
    capture: look,
    apply: (step, context) => write(step, context, ports),
    undo: async (step, captured) => {
      releases.write(() => {
        if (captured === null) releases.removeRelease(step.release);
        else releases.putRelease(captured as unknown as Release);
      });
      return applied('as it was', { left: await look(step) });
    },
    reconcile: async (step, captured) => {
      const now = await look(step);
      if (isDeepStrictEqual(now, captured)) return 'not-done';
      return now?.['state'] === step.state ? 'done' : 'unknown';
    },
    preview: async ({ release, state }) => `${release.id} would be ${state} in the ledger`,
  };
}

/** As it can be kept with the step. */
const stateOf = (release: Release | undefined): State => (release ? { ...release } : null);

async function write(step: ReleaseStep, { task_id }: StepContext, ports: ReleasePorts): Promise<Effect> {
  const { release, path, state } = step;
  const tree = await ports.trees.fact(path);
  if (!tree.exists || tree.digest === '')
    return refusedTo('changed-since-plan', `there is no whole release at ${path}`);
  const now = ports.clock.now();
  const before = ports.releases.releaseAt(release);
  const { madeAt = now, task_id: maker = task_id, stableAt = null } = before ?? {};
  const row: Release = { ...release, tree: tree.digest, state, task_id: maker, madeAt, stableAt };
  if (state === 'stable') row.stableAt = now;
  ports.releases.write(() => ports.releases.putRelease(row));
  return applied(`${release.id} is ${state}`, { left: stateOf(row) });
}
