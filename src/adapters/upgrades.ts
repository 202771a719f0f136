import { readlink } from 'node:fs/promises';
import { execa } from 'execa';
import { openToken } from '../contract/jws.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import type { UpgradeState, Upgrades } from '../services/host.ts';
import type { Ledger, TaskRecord } from '../services/ledger.ts';
import type { Clock } from '../services/ports.ts';
import { writeAtomically } from './atomic-write.ts';
import { asRoot, explained } from './privilege.ts';
import { isAtWork, readUpgrade } from './upgrade-record.ts';

const POLL_MS = 200;

interface UpgradesParts {
  home: Home;
  ledger: Pick<Ledger, 'task' | 'lateTokens'>;
  clock: Clock;
}

/** What root does of an upgrade, as sudo's drop-in names it to the letter. */
export const upgradeCommand = ({ root, installed: { node, cli }, var: own }: Home) =>
  [node, cli, '--home', root, 'upgrade', '--task', own.upgrade] as const;

/** Upgrades by the installed program's own verb, as root. */
export function upgradesOf({ home, ledger, clock }: UpgradesParts): Upgrades {
  const recordOf = (taskId: string): TaskRecord => {
    const record = ledger.task(taskId);
    if (!record) throw new OpsError(`${taskId} is not in the ledger`);
    return record;
  };
  const look = (taskId: string) => stateOf(home.installed.upgrades, recordOf(taskId).digest);
  return {
    installed: () => readlink(home.installed.current).catch(() => null),
    look,
    async begin(taskId) {
      await writeAtomically(home.var.upgrade, JSON.stringify(submissionOf(recordOf(taskId), ledger)), { mode: 0o600 });
      const ended = new AbortController();
      const said = askRoot(home).finally(() => ended.abort());
      while (!ended.signal.aborted) {
        await clock.wait(POLL_MS, ended.signal);
        if (await look(taskId)) return;
      }
      throw new OpsError((await said) || 'root ended without a word');
    },
  };
}

async function stateOf(folder: string, digest: string): Promise<UpgradeState | null> {
  const record = await readUpgrade(folder, digest);
  if (!record) return null;
  if (record.end) return { state: 'ended', ...record.end };
  if (await isAtWork(record)) return { state: 'under-way' };
  // Its last word may have come meanwhile.
  const end = (await readUpgrade(folder, digest))?.end;
  return end ? { state: 'ended', ...end } : { state: 'gone' };
}

/** With the signatures that came later, of those that count and about this very task. */
function submissionOf({ task, digest, tokens, attestedBy }: TaskRecord, ledger: UpgradesParts['ledger']) {
  const counts = (token: string): boolean => {
    const opened = openToken(token);
    if ('problem' in opened) return false;
    return attestedBy.some(({ kid }) => kid === opened.kid) && JSON.stringify(opened.claims).includes(digest);
  };
  const late = ledger.lateTokens('plan_id' in task ? [task.task_id, task.plan_id] : [task.task_id]);
  return { task, attestations: [...new Set([...tokens, ...late])].filter(counts) };
}

/** In a session of its own: it is to outlive this daemon. Resolves when it has ended, with what it complained of. */
async function askRoot(home: Home): Promise<string> {
  const [program, ...args] = asRoot(upgradeCommand(home));
  const { stderr, shortMessage } = await execa(program, args, {
    detached: true,
    reject: false,
    cwd: '/',
    stdin: 'ignore',
    stdout: 'ignore',
  });
  return explained(stderr.trim()) || shortMessage || '';
}
