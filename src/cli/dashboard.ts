import { hostname } from 'node:os';
import { daemonOf } from '../adapters/daemon-state.ts';
import { homeOf, personHere } from '../config.ts';
import { OpsError } from '../errors.ts';
import { becomeOwner } from './become.ts';
import { printData } from './terminal.ts';

/** `ops dashboard`: where it is, and how to get in. */
export function dashboard(root: string | undefined, options: { json?: boolean }): void {
  const home = homeOf(root);
  const person = personHere();
  becomeOwner(home);
  const { state, dashboard: url } = daemonOf(home);
  if (state === 'stopped') throw new OpsError('no daemon holds this home: start it with "ops up"');
  if (url === null) {
    throw new OpsError(
      `the daemon has no dashboard: it is off in ${home.etc.ops} (dashboard) or OPS_DASHBOARD, or ${home.var.log} says why`,
    );
  }
  printData({ url, user: 'ops', password_in: home.var.dashboardPassword, ...tunnel(url, person) }, options);
}

/** The line to type on another machine, where only this one can reach the dashboard. */
function tunnel(url: string, person: string): { from_elsewhere: string } {
  const { host, port } = new URL(url);
  return { from_elsewhere: `ssh -N -L ${port}:${host} ${person}@${hostname()}` };
}
