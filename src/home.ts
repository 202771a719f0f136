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
    etc: {
      dir: at('etc'),
      ops: at('etc/ops.yaml'),
      policy: at('etc/policy.yaml'),
      apps: at('etc/apps.yaml'),
      keyring: at('etc/keyring.json'),
      operatorKey: at('etc/operator.key'),
      redisUrl: at('etc/redis-url'),
      crons: at('etc/crons'),
      secrets: at('etc/secrets'),
    },
    runner: { dir: at('runner'), home: at('runner/home') },
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
      hostKey: at('var/keys/host.key'),
      ageKey: at('var/keys/age.key'),
      redis: at('var/redis'),
      redisUrl: at('var/run/redis-url'),
      log: at('var/log/daemon.log'),
      dashboardPassword: at('var/dashboard.password'),
    },
  };
}
