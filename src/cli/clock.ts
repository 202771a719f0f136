import { clockRequests } from '../adapters/clock-requests.ts';
import { daemonOf } from '../adapters/daemon-state.ts';
import { acceptClock } from '../contract/clock.ts';
import { utcTime } from '../contract/names.ts';
import { OpsError } from '../errors.ts';
import type { Context } from './context.ts';
import { roleKey } from './signing.ts';
import { print } from './terminal.ts';

const POLL_MS = 100;
/** The daemon looks every 5 s. */
const PATIENCE_MS = 20_000;

/** `ops clock accept`: says, as this host's operator, that its clock is right and the latest time seen here was not. */
export async function clockAccept(context: Context, options: { key?: string }): Promise<void> {
  const { config, clock } = context;
  const key = roleKey(config.home, 'operator', options.key);
  const { ledger } = context;
  const [wrong, right] = [ledger.latestTime(), clock.now()];
  if (right >= wrong) throw new OpsError(`the clock is not behind ${utcTime(wrong)}, the latest time seen here`);
  const { host } = config;
  await clockRequests(config.home.var.clockRequest).leave(await acceptClock(key, { host: host.name, wrong, right }));
  const what = `${key.principal}: ${utcTime(right)} is right, ${utcTime(wrong)} was not`;
  if (daemonOf(config.home).state !== 'ready') return print(`${what}; the daemon hears of it when it starts`);
  const tillMs = clock.monotonic() + PATIENCE_MS;
  while (ledger.latestTime() === wrong) {
    if (clock.monotonic() > tillMs) throw new OpsError('the daemon did not accept it: "ops logs" says why');
    await clock.wait(POLL_MS);
  }
  print(what);
}
