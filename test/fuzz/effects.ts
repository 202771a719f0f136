import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../src/adapters/clock.ts';
import { openLedger } from '../../src/adapters/ledger/index.ts';
import type { StepRecord } from '../../src/planning/record.ts';
import type { Ledger } from '../../src/services/ledger.ts';
import type { TestHome } from '../integration/test-home.ts';
import { AFTER, BEFORE, EFFECTS, filePath } from './tasks.ts';

interface Counts {
  did: number;
  undid: number;
  twice: number;
}

/** What the tasks of the fuzzer did to the machine, beside what the ledger says that they did. */
export function untrueEffects(home: TestHome): string[] {
  const ledger = openLedger(home.home.var.ledger, systemClock, { readOnly: true });
  try {
    return untrueIn(ledger, home);
  } finally {
    ledger.close();
  }
}

function untrueIn(ledger: Ledger, home: TestHome): string[] {
  const effects = effectsOf(home);
  return ledger.recentTasks(Number.MAX_SAFE_INTEGER).flatMap(({ task, ended }) => {
    if (!('actions' in task)) return [];
    return ledger.steps(task.task_id).flatMap((step) => {
      const counts = effects.get(`${task.task_id} ${step.action}`) ?? { did: 0, undid: 0, twice: 0 };
      const wrong = step.step.kind === 'file' ? wrongFile(home, task.task_id, step) : wrongCommand(step, counts);
      return wrong ? [`${task.task_id}, step ${step.n}: ${wrong} (${step.state}; the task ${ended?.outcome})`] : [];
    });
  });
}

function effectsOf(home: TestHome): Map<string, Counts> {
  const files = readdirSync(home.root).map((folder) => home.path(`${folder}/${EFFECTS}`));
  const lines = files.filter((path) => existsSync(path)).flatMap(linesIn);
  const all = new Map<string, Counts>();
  for (const line of lines) {
    const [task, n, what] = line.split(' ');
    const counts = all.get(`${task} ${n}`) ?? { did: 0, undid: 0, twice: 0 };
    counts[what as keyof Counts] += 1;
    all.set(`${task} ${n}`, counts);
  }
  return all;
}

const linesIn = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

function wrongFile(home: TestHome, id: string, { action, state }: StepRecord): string | null {
  const path = filePath(home, id, action);
  const now = existsSync(path) ? readFileSync(path, 'utf8') : BEFORE;
  const expected = state === 'applied' ? AFTER : ['planned', 'refused', 'undone'].includes(state) ? BEFORE : now;
  return now === expected ? null : `its file holds ${JSON.stringify(now)}`;
}

/** A guard answers for a command that was killed before it could count itself. */
function wrongCommand({ step, state }: StepRecord, { did, undid, twice }: Counts): string | null {
  if (step.kind !== 'command') return null;
  if (did + twice > 1) return `it ran ${did + twice} times`;
  if ((state === 'planned' || state === 'refused') && did + undid > 0) return 'it ran';
  if (state === 'applied' && did === 0 && !step.guard) return 'it did not run';
  if (state === 'undone' && undid === 0) return 'it was not undone';
  return null;
}
