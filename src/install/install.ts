import { existsSync } from 'node:fs';
import { type Account, createAccount, findAccount } from '../adapters/accounts.ts';
import { launchctl } from '../adapters/launchctl.ts';
import { installEnvironment, loadConfig } from '../config.ts';
import { OpsError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { commandStage, refuseForeignCommand } from './command.ts';
import { asAccount, etcStages, keyStages, varStages } from './etc.ts';
import { folder, linkTarget, PUBLIC_FOLDER, swapLink } from './files.ts';
import { LABEL, type Layout, USER } from './layout.ts';
import { nodeStage, refuseOldNode } from './node.ts';
import { forPeople } from './people.ts';
import { programStage, refuseUnbuilt } from './program.ts';
import { waitReady } from './ready.ts';
import { chooseRedis, type RedisChoice, redisConfStage, redisServiceStage, redisUrlStage } from './redis.ts';
import { RUNNER, runnerStages } from './runner.ts';
import { isStopped, refuseOtherPlace, renderPlist, serviceStage } from './services.ts';
import { runStages, type Say, type Stage } from './stage.ts';
import { type HostSettings, hostNameFrom } from './starter.ts';

export interface InstallOptions {
  host?: string;
  /** Commands are to run as a user of their own. */
  secondUser?: true;
}

/** Installs Ops under launchd and starts it. Again, it changes nothing but what is missing. @throws OpsError that says what to mend. */
export async function install(layout: Layout, options: InstallOptions, say: Say): Promise<void> {
  await refuseUnfit(layout, 'install');
  refuseUnbuilt();
  const installed = await linkTarget(layout.current);
  if (installed !== null && installed !== VERSION) {
    throw new OpsError(`${installed} is installed in ${layout.root}; for ${VERSION} type: sudo ops upgrade`);
  }
  await refuseForeignCommand(layout);
  const redis = await chooseRedis(installEnvironment(), layout);
  const account = await ensureAccount(USER, layout.userHome, say);
  const host = { name: hostOf(layout, options.host), runAs: runAsOf(layout, options) };
  const runner = await runnerOf(layout, account, host.runAs, say);
  const made = await runStages(stagesOf(layout, account, host, redis, runner), say);
  await sayState(layout, say);
  if (made === 0) say('Nothing had to be changed.');
  say(forPeople(layout, options));
}

/** What must be so before anything is changed. @throws OpsError */
export async function refuseUnfit(layout: Layout, verb: string): Promise<void> {
  // Throws where there is no launchctl at all.
  await launchctl.print(LABEL.ops);
  if (process.geteuid?.() !== 0) throw new OpsError('this needs root: type it with sudo');
  refuseOldNode();
  refuseOtherPlace(layout, verb);
  process.umask(0o022);
}

/** Written once: from the second install on it is what `etc/ops.yaml` says. */
function hostOf({ home }: Layout, given: string | undefined): string {
  if (!existsSync(home.etc.ops)) return hostNameFrom(given);
  const { name } = loadConfig(home.root).host;
  if (given === undefined || given === name) return name;
  throw new OpsError(`this host is ${name} (${home.etc.ops}), and stays so: tasks and reports name it`);
}

/** A host that has its settings keeps them. */
function runAsOf({ home }: Layout, { secondUser }: InstallOptions): string | null {
  if (secondUser) return RUNNER;
  return existsSync(home.etc.ops) ? loadConfig(home.root).runAs : null;
}

/** What a user of this installation's for commands needs; nothing where there is none, or it is somebody else's. */
async function runnerOf(layout: Layout, daemon: Account, runAs: string | null, say: Say): Promise<Stage[]> {
  if (runAs !== RUNNER) return [];
  return runnerStages(layout, daemon, await ensureAccount(RUNNER, layout.home.runner.home, say));
}

async function ensureAccount(name: string, home: string, say: Say): Promise<Account> {
  const found = await findAccount(name);
  const account = found ?? (await createAccount(name, home));
  say(`${found ? 'as it was' : 'done     '}  the account ${name} (${account.uid}), hidden, without a login`);
  return account;
}

function stagesOf(layout: Layout, account: Account, host: HostSettings, redis: RedisChoice, runner: Stage[]): Stage[] {
  const shared = { uid: 0, gid: account.gid, mode: 0o640 };
  const own = 'server' in redis;
  return [
    folder(layout.root, PUBLIC_FOLDER),
    folder(layout.app, PUBLIC_FOLDER),
    ...varStages(layout, account),
    ...etcStages(layout, account, host),
    ...keyStages(layout, account, host.name),
    ...runner,
    ...(own ? [asAccount(account, redisConfStage(layout))] : []),
    redisUrlStage(layout, shared, redis),
    programStage(layout),
    currentStage(layout),
    nodeStage(layout),
    commandStage(layout),
    ...(own ? [redisServiceStage(layout, redis.server)] : []),
    serviceStage('ops', layout, renderPlist('ops', layout)),
  ];
}

function currentStage({ current }: Layout): Stage {
  return {
    what: `${current} -> ${VERSION}`,
    isDone: async () => (await linkTarget(current)) === VERSION,
    make: () => swapLink(current, VERSION),
  };
}

async function sayState(layout: Layout, say: Say): Promise<void> {
  const seen = await launchctl.print(LABEL.ops);
  if (isStopped(seen)) {
    return say(`stopped    ${LABEL.ops} is installed and not running: sudo launchctl start ${LABEL.ops}`);
  }
  const { state, reason, dashboard, pid } = await waitReady(layout, VERSION, 0);
  say(state === 'ready' ? `ready      ${LABEL.ops} ${VERSION}, pid ${pid}` : `safe mode  it takes no tasks: ${reason}`);
  if (dashboard !== null) say(`           ${dashboard}`);
}
