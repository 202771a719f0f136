import { systemClock } from '../adapters/clock.ts';
import { type DaemonState, readDaemonState } from '../adapters/daemon-state.ts';
import { launchctl } from '../adapters/launchctl.ts';
import { EX_CONFIG } from '../adapters/launchctl-codes.ts';
import type { ServiceState } from '../adapters/launchctl-print.ts';
import { OpsError } from '../errors.ts';
import { ExitCode } from '../orders.ts';
import { LABEL, type Layout } from './layout.ts';

/** An orderly stop of the old one, launchd's throttle, and the start of the new one. */
const READY_MS = 120_000;
const POLL_MS = 300;

/**
 * Resolves when this version takes tasks, or says why it takes none. How one of the first `since` runs ended does not
 * count. @throws OpsError where it does neither in time.
 */
export async function waitReady(layout: Layout, version: string, since: number): Promise<DaemonState> {
  const patience = AbortSignal.timeout(READY_MS);
  for (;;) {
    const [note, seen] = [readDaemonState(layout.home.var.daemon), await launchctl.print(LABEL.ops)];
    const isNew = note?.version === version && 'pid' in seen && seen.pid === note.pid;
    if (isNew && (note.state === 'safe-mode' || (note.state === 'ready' && (await answers(note.dashboard)))))
      return note;
    const trouble = patience.aborted ? 'it is not ready in time' : troubleIn(seen, since, layout);
    if (trouble !== null)
      throw new OpsError(`${LABEL.ops} ${version} does not come up: ${trouble}\n${whereToLook(layout)}`);
    await systemClock.wait(POLL_MS);
  }
}

/** Null while there is hope. */
function troubleIn(seen: ServiceState, since: number, { plist }: Layout): string | null {
  if (seen.state === 'absent') {
    return `launchd does not know it although ${plist.ops} is there; that is unknown, maybe Background Task Management: see "sudo sfltool dumpbtm"`;
  }
  if (seen.state === 'unknown' || seen.pid !== null || (seen.runs ?? 0) <= since) return null;
  if (typeof seen.lastExit === 'string' || !('code' in seen.lastExit)) return null;
  const { code } = seen.lastExit;
  if (code === ExitCode.RESTART) return null;
  if (code === 0) return 'it was stopped';
  return code === EX_CONFIG
    ? 'launchd cannot start it (78: a program, folder or log of its plist)'
    : `it ended with ${code}`;
}

/** Without a dashboard the daemon's own word counts; and with TLS, whose certificate is for other names than this. */
async function answers(dashboard: string | null): Promise<boolean> {
  if (!dashboard?.startsWith('http:')) return true;
  // The address is the daemon's word, and this is root: nobody leads it on.
  return fetch(new URL('/readyz', dashboard), { redirect: 'manual', signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

const whereToLook = ({ home }: Layout): string =>
  `  see the end of ${home.var.log}, and of launchd.log beside it for what was printed before that`;
