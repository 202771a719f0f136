import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Context } from '../../src/cli/context.ts';
import { keysInit } from '../../src/cli/keys.ts';
import { releases } from '../../src/cli/releases.ts';
import { releasesShow } from '../../src/cli/releases-show.ts';
import { homeOf } from '../../src/config.ts';
import { type Release, releasePath } from '../../src/planning/release.ts';
import type { LinkStep, Step, TreeStep } from '../../src/planning/step.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import { releaseOf, WEB } from '../jobs/apps.ts';
import { actionsTask, claimed, TestClock, tellers, temporaryFolder, testLedger } from '../services/support.ts';
import { printed } from './printed.ts';

const of = (days: number, more: Partial<Release> = {}): Release => {
  const release = releaseOf(days, more);
  return { ...release, task_id: `deploy-${release.environment}-${days}` };
};
const pathOf = ({ environment, id }: Release) => releasePath(WEB.environments[environment] ?? { root: '' }, id);

function treeStep(verb: TreeStep['verb'], release: Release): TreeStep {
  const path = pathOf(release);
  const source = { type: 'git', remote: 'https://example.com/web.git', commit: '0b'.repeat(20) } as const;
  return { kind: 'tree', verb, target: path, title: `${verb} it`, path, source, digest: null, like: null };
}

function linkStep({ id }: Release, before: Release | null): LinkStep {
  const [path, target] = ['/srv/example/current', before && `releases/${before.id}`];
  return { kind: 'link', target: path, title: 'swap', path, wanted: `releases/${id}`, before: { target } };
}

/** A home with the ledger of a daemon, as `ops` looks at it. */
async function setUp() {
  const home = homeOf(join(temporaryFolder(), 'home'));
  await printed(() => keysInit(home.root, { host: 'mini-1' }));
  const clock = new TestClock();
  const ledger = testLedger(clock, home.var.ledger);
  const { reporter } = tellers(ledger, clock);
  const ask = (verb: (context: Context) => Promise<void> | void) =>
    printed(async () => {
      await ledger.durable();
      await using context = new Context(home.root);
      await verb(context);
    });
  const end = async (task_id: string) => {
    const record = ledger.task(task_id);
    if (!record) throw new Error(`no task ${task_id}`);
    const nothing = { blockers: [], notes: [], leftRunning: [], protected: [], undid: null };
    await reporter.conclude({ record, outcome: 'completed', records: ledger.steps(task_id), ...nothing });
  };
  return { ledger, ask, end };
}

/** What a task leaves in the ledger whose steps are done but for the last, which is yet to come. */
async function done(ledger: Ledger, task_id: string, steps: Step[]): Promise<void> {
  await claimed(ledger, actionsTask({ task_id, operation_type: 'deploy', reason: 'Faster search' }));
  const planned = [...steps, { kind: 'watch', target: 'web', title: 'watch' } as Step];
  ledger.write(() => {
    ledger.addSteps(
      task_id,
      planned.map((step, index) => ({ n: index + 1, action: 1, step })),
    );
    for (const n of steps.keys())
      ledger.changeStep(task_id, n + 1, { state: 'applied', message: 'fine', durationMs: 7 });
  });
}

async function deployed(ledger: Ledger, release: Release, before: Release | null = null): Promise<void> {
  await done(ledger, release.task_id, [treeStep('make', release), linkStep(release, before)]);
  ledger.write(() => ledger.putRelease(release));
}

const FIRST = of(3);
const SECOND = of(2);
const BEGUN = of(1, { state: 'new', stableAt: null });
const STAGED = of(2, { environment: 'staging' });

/** Two stable releases in production and one that is watched still, one in staging. */
async function host() {
  const parts = await setUp();
  const { ledger } = parts;
  await deployed(ledger, FIRST);
  await deployed(ledger, STAGED);
  await deployed(ledger, SECOND, FIRST);
  await deployed(ledger, BEGUN, SECOND);
  return parts;
}

describe('ops releases', () => {
  it('says how releases come here where there is none', async () => {
    const { ask } = await setUp();
    expect(await ask((context) => releases(context, {}))).toBe(
      'nothing was deployed here: "deploy.release" in a task does that\n',
    );
    expect(await ask((context) => releases(context, { json: true }))).toBe('[]\n');
  });

  it('lists them by app and environment, the newest first, with what stands, is kept, and is not proved yet', async () => {
    const { ask } = await host();
    const version = SECOND.version;
    const rows = (await ask((context) => releases(context, {}))).trimEnd().split('\n');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['app', 'environment', 'release', 'state', 'since', 'version', 'task'],
      ['web', 'production', BEGUN.id, 'new', '2026-11-22T12:00:00Z', version, 'deploy-production-1'],
      ['web', 'production', SECOND.id, 'stands', '2026-11-21T12:00:00Z', version, 'deploy-production-2'],
      ['web', 'production', FIRST.id, 'kept', '2026-11-20T12:00:00Z', version, 'deploy-production-3'],
      ['web', 'staging', STAGED.id, 'stands', '2026-11-21T12:00:00Z', version, 'deploy-staging-2'],
    ]);
  });

  it('leaves out what was pruned, and says the earlier one stands once the app was led back to it', async () => {
    const { ask, ledger } = await host();
    await done(ledger, 'prune-1', [treeStep('remove', SECOND)]);
    ledger.write(() => ledger.putRelease({ ...FIRST, stableAt: (SECOND.stableAt ?? 0) + 1 }));
    const all = JSON.parse(await ask((context) => releases(context, { json: true }))) as Record<string, string>[];
    expect(all.map(({ release, environment, state }) => [release, environment, state])).toEqual([
      [BEGUN.id, 'production', 'new'],
      [FIRST.id, 'production', 'stands'],
      [STAGED.id, 'staging', 'stands'],
    ]);
    expect(all[0]).toMatchObject({ made_at: '2026-11-22T12:00:00Z', stable_at: null, tree: 'd1' });
  });
});

describe('ops releases show', () => {
  it('tells what, why, by whom, after which one, how it went and how to take it back', async () => {
    const { ask, end } = await host();
    await end(SECOND.task_id);
    const record = JSON.parse(
      await ask((context) => releasesShow(context, SECOND.id, { environment: 'production', json: true })),
    );
    expect(record).toMatchObject({
      release: SECOND.id,
      state: 'stands',
      version: SECOND.version,
      task_id: 'deploy-production-2',
      reason: 'Faster search',
      signed_by: [],
      outcome: 'completed',
      release_before: FIRST.id,
      // This host has no mirror of the remote that could tell.
      commits_since: null,
      files_changed: null,
      rollback_commands: ['/opt/ops undo deploy-production-2 --action 1'],
      steps: [
        { n: 1, step: 'make it', state: 'applied', took_ms: 7, message: 'fine' },
        { n: 2, step: 'swap', state: 'applied', took_ms: 7, message: 'fine' },
      ],
    });
  });

  it('tells of what is under way, and of what was pruned', async () => {
    const { ask, ledger } = await host();
    await done(ledger, 'prune-1', [treeStep('remove', FIRST)]);
    expect(await ask((context) => releasesShow(context, BEGUN.id, {}))).toMatch(/^state: new$[^]*^outcome: open$/m);
    expect(await ask((context) => releasesShow(context, FIRST.id, {}))).toMatch(
      /^state: removed$[^]*^release_before: null$/m,
    );
  });

  it('asks which one is meant, and says where to look for one that there is not', async () => {
    const { ask } = await host();
    const shown = (id: string, options: object) => ask((context) => releasesShow(context, id, options));
    expect(await shown(SECOND.id, {})).toMatch(/is a release of several places: say --app and --environment$/);
    expect(await shown(SECOND.id, { environment: 'staging' })).toMatch(/^environment: staging$/m);
    for (const [id, options] of [
      ['20260101T000000Z-00000000', {}],
      [SECOND.id, { app: 'shop' }],
      [BEGUN.id, { environment: 'staging' }],
    ] as const)
      expect(await shown(id, options)).toBe(
        `OpsError: there is no release ${id} on this host: "ops releases" lists those there are`,
      );
  });
});
