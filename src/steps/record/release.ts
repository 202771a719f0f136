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
  return {
    observe: async (step) => identity(releases.releaseAt(step.release)),
    capture: async (step) => kept(releases.releaseAt(step.release)),
    apply: (step, context) => write(step, context, ports),
    undo: async (step, captured) => {
      const before = rowIn(captured);
      releases.write(() => (before ? releases.putRelease(before) : releases.removeRelease(step.release)));
      return applied('as it was', { left: identity(before) });
    },
    reconcile: async (step, captured) => {
      const now = releases.releaseAt(step.release);
      if (isDeepStrictEqual(kept(now), captured)) return 'not-done';
      return now?.state === step.state ? 'done' : 'unknown';
    },
    preview: async ({ release, state }) => `${release.id} would be ${state} in the ledger`,
  };
}

/** What of it no other step of a deploy changes. */
const identity = (release: Release | undefined): State =>
  release
    ? { exists: true, version: release.version, tree: release.tree, task_id: release.task_id }
    : { exists: false };

/** All of it, to be kept with the step. */
const kept = (release: Release | undefined): State => (release ? { exists: true, ...release } : { exists: false });

function rowIn(captured: State): Release | undefined {
  const { exists, ...row } = captured ?? { exists: false };
  return exists ? (row as unknown as Release) : undefined;
}

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
  return applied(`${release.id} is ${state}`, { left: identity(row) });
}
