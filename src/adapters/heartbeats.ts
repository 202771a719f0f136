import { coerceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { Heartbeats } from '../services/ports.ts';

const TIMEOUT_MS = 10_000;

/**
 * Pings as Healthchecks (healthchecks.io/docs/http_api) has it: the bare address is a success, `/start`, `/fail` and
 * `/<exit code>` say more. What was signed is that address, not wherever its owner sends a ping on to. That a ping fails
 * concerns nobody here: who waits for it hears of it by its absence.
 */
export function heartbeatsBy(log: Logger): Heartbeats {
  return {
    ping: (url, what) => {
      fetch(addressOf(url, what), { method: 'POST', redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
        .then((response) => response.body?.cancel())
        .catch((error: unknown) => log.debug({ reason: coerceError(error).message }, 'a heartbeat was not heard'));
    },
  };
}

function addressOf(url: string, what: Parameters<Heartbeats['ping']>[1]): URL {
  const address = new URL(url);
  if (what !== 'success') address.pathname = `${address.pathname.replace(/\/$/, '')}/${what}`;
  return address;
}
