import { type History, historyOf } from '../adapters/trees/history.ts';
import { OpsError } from '../errors.ts';
import type { StepRecord } from '../planning/record.ts';
import type { Release } from '../planning/release.ts';
import type { Context } from './context.ts';
import { type ReleaseView, releaseBefore, releaseViews, remoteOf } from './release-records.ts';
import { releaseData } from './releases.ts';
import { printData } from './terminal.ts';

interface Options {
  app?: string;
  environment?: string;
  json?: boolean;
}

/** `ops releases show <id>`: the record of a deploy. */
export async function releasesShow(context: Context, id: string, options: Options): Promise<void> {
  const view = viewOf(context, id, options);
  const { release } = view;
  const { ledger } = context;
  const before = releaseBefore(release, ledger);
  const steps = ledger.steps(release.task_id).filter(({ state }) => state !== 'planned');
  const record = {
    ...releaseData(view),
    ...askedIn(release, context),
    release_before: before?.id ?? null,
    ...(await changesSince(before, release, context)),
    steps: steps.map(stepData),
  };
  printData(record, options);
}

/** @throws OpsError unless there is one of this id. */
function viewOf({ ledger }: Context, id: string, { app, environment }: Options): ReleaseView {
  const [view, another] = releaseViews(ledger).filter(
    ({ release }) =>
      release.id === id &&
      release.app === (app ?? release.app) &&
      release.environment === (environment ?? release.environment),
  );
  if (!view) throw new OpsError(`there is no release ${id} on this host: "ops releases" lists those there are`);
  if (another) throw new OpsError(`${id} is a release of several places: say --app and --environment`);
  return view;
}

/** Why, who signed it, what was seen in the end, and how to take it back. */
function askedIn({ task_id }: Release, { ledger }: Context) {
  const task = ledger.task(task_id);
  const output = task?.ended?.opsOutput;
  return {
    reason: task?.task.reason ?? null,
    signed_by: task?.attestedBy.map(({ role, principal }) => `${role}: ${principal}`) ?? [],
    outcome: task?.ended?.outcome ?? 'open',
    rollback_commands: output?.actions_taken.map((taken) => taken.rollback_command) ?? [],
    health_checks: output?.health_checks ?? [],
  };
}

const UNKNOWN: History = { commits: null, files: null };

/** Null is what nobody here can say: an archive has no history, and a mirror may have only a part of it. */
async function changesSince(before: Release | undefined, release: Release, { ledger, config }: Context) {
  const remote = remoteOf(release, ledger);
  const [from, to] = [before, release].map((each) => /^commit:(.+)$/.exec(each?.version ?? '')?.[1]);
  const isKnown = remote !== undefined && from !== undefined && to !== undefined;
  const parts = { remotes: config.home.var.remotes, env: config.baseEnv };
  const { commits, files } = isKnown ? await historyOf({ remote, from, to }, parts) : UNKNOWN;
  return { commits_since: commits, files_changed: files };
}

const stepData = ({ n, step, state, durationMs, message }: StepRecord) => ({
  n,
  step: step.title,
  state,
  took_ms: durationMs,
  message,
});
