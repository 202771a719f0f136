import { join, resolve } from 'node:path';

/** Where everything of one home lies. */
export interface Home {
  root: string;
  etc: {
    dir: string;
    ops: string;
    policy: string;
    /** What can be deployed here; need not be there. */
    apps: string;
    keyring: string;
    operatorKey: string;
    /** The URL of the Redis to use, where there is one; with its password, so not for everybody's eyes. */
    redisUrl: string;
    /** Definitions of schedules as files: nothing comes of one before a signed task has it. */
    crons: string;
    /** Secrets as files, for references of tasks. */
    secrets: string;
  };
  /** Of the user whom commands run as, where that is another one than the daemon's. */
  runner: { dir: string; home: string };
  /** The program on an installed host: root's. */
  installed: {
    /** A link to the folder of the version that runs. */
    current: string;
    node: string;
    cli: string;
    /** What came of upgrades by tasks: root's. */
    upgrades: string;
    /** Other versions by their digest, put there by whomever. */
    artifacts: string;
  };
  /** Role keys for trying out; not there on an installed host. */
  keys: string;
  var: {
    dir: string;
    /** HOME of the daemon's user on an installed host. */
    userHome: string;
    ledger: string;
    run: string;
    lock: string;
    daemon: string;
    /** An operator's word on the clock, for the daemon. */
    clockRequest: string;
    snapshots: string;
    output: string;
    /** Definitions of services, on their way to their supervisor or for one that keeps none itself. */
    services: string;
    /** What was fetched of remotes, to fetch only what is new. */
    remotes: string;
    quarantine: string;
    /** The signed task by which root is asked for an upgrade. */
    upgrade: string;
    hostKey: string;
    /** What opens the secrets that are kept encrypted. */
    ageKey: string;
    redis: string;
    /** The URL that the daemon uses, for `ops`. */
    redisUrl: string;
    log: string;
    dashboardPassword: string;
  };
}

/** The home in this folder. */
export function homeAt(folder: string): Home {
  const path = resolve(folder);
  const at = (...parts: string[]) => join(path, ...parts);
  return {
    root: path,
    etc: etcAt(at('etc')),
    runner: { dir: at('runner'), home: at('runner/home') },
    installed: installedAt(path),
    keys: at('keys'),
    var: {
      dir: at('var'),
      userHome: at('var/home'),
      ledger: at('var/ledger.db'),
      run: at('var/run'),
      lock: at('var/run/lock.db'),
      daemon: at('var/run/daemon.json'),
      clockRequest: at('var/run/clock-request'),
      snapshots: at('var/snapshots'),
      output: at('var/output'),
      services: at('var/services'),
      remotes: at('var/remotes'),
      quarantine: at('var/quarantine'),
      upgrade: at('var/upgrade.json'),
      hostKey: at('var/keys/host.key'),
      ageKey: at('var/keys/age.key'),
      redis: at('var/redis'),
      redisUrl: at('var/run/redis-url'),
      log: at('var/log/daemon.log'),
      dashboardPassword: at('var/dashboard.password'),
    },
  };
}

function installedAt(root: string): Home['installed'] {
  const current = join(root, 'app/current');
  return {
    current,
    node: join(root, 'node'),
    cli: join(current, 'dist/src/cli/main.js'),
    upgrades: join(root, 'upgrades'),
    artifacts: join(root, 'artifacts'),
  };
}

function etcAt(dir: string): Home['etc'] {
  return {
    dir,
    ops: join(dir, 'ops.yaml'),
    policy: join(dir, 'policy.yaml'),
    apps: join(dir, 'apps.yaml'),
    keyring: join(dir, 'keyring.json'),
    operatorKey: join(dir, 'operator.key'),
    redisUrl: join(dir, 'redis-url'),
    crons: join(dir, 'crons'),
    secrets: join(dir, 'secrets'),
  };
}
