/*
 * Which actions cannot keep a promise of the suite, and why. Who adds one here takes a promise from the operator: it needs
 * a reason that no other design would mend.
 */

type Exceptions = Readonly<Record<string, string>>;

const COMMAND = 'what a command does when it runs a second time is known to its author only';

/** A second run does not say that all was already so. */
export const RUNS_AGAIN: Exceptions = {
  'infra.command': COMMAND,
  'infra.script': COMMAND,
  'config.service.restart': 'a restart that finds all well restarts all the same: that is what was asked for',
  'cron.define':
    'a second task signs the definition anew: it stands by those signatures from then on, and the preview says so',
  'deploy.rollback': 'the last stable release before this one is another one once it was gone back to',
  'cron.run-now': 'each run of it is asked to add another slot',
  'cron.remove':
    'a name that is no schedule is more likely mistyped than removed before: it fails, and changes nothing',
};

/** Nobody can take it back: its example says `irreversible: true`. */
export const IRREVERSIBLE: Exceptions = {
  'config.container.prune':
    'it removes what undos stand on, to have the room: to keep it somewhere else would be no pruning',
  'deploy.prune': 'the same: what it removes is fetched again by a deploy of its version',
  'infra.upgrade':
    'who would take it back is the version that came: the way back is an upgrade, with a check and a step back of its own',
};
