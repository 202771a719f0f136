/**
 * What clients see of 200 deploys and rollbacks that hand over, some minutes: `node bench/hand-over.ts`. They never pause,
 * and ask a real front. What nginx breaks off of connections that are kept is counted besides.
 */
import type { Task } from '../src/contract/task.ts';
import { FrontedApp } from '../test/integration/fronted-app.ts';
import type { FrontName } from '../test/integration/fronts.ts';
import { type Load, loadOn } from '../test/integration/load.ts';
import { TestHome } from '../test/integration/test-home.ts';
import { allowDeploys } from '../test/integration/web-app.ts';

interface Round {
  front: FrontName;
  keepAlive: boolean;
  deploys: number;
  mayFail?: boolean;
}

const ROUNDS: readonly Round[] = [
  { front: 'nginx', keepAlive: false, deploys: 100 },
  { front: 'haproxy', keepAlive: true, deploys: 100 },
  { front: 'nginx', keepAlive: true, deploys: 20, mayFail: true },
];

async function insistOn(home: TestHome, task: Task): Promise<void> {
  await home.submit(task);
  const { ops_output } = await home.report(task.task_id, 1, 120_000);
  if (ops_output.status !== 'completed') throw new Error(JSON.stringify(ops_output.blockers));
}

async function deployed(home: TestHome, app: FrontedApp, commits: readonly string[], deploys: number): Promise<void> {
  for (let n = 0; n < deploys; n += 1)
    await insistOn(home, n % 3 === 2 ? app.task('rollback') : app.task('release', { commit: commits[n % 3] }));
}

async function measure({ front, keepAlive, deploys, mayFail = false }: Round): Promise<void> {
  await using home = await TestHome.make({ OPS_DASHBOARD: 'off' });
  allowDeploys(home, front);
  await home.start();
  await using app = await FrontedApp.make(home, front);
  await app.startFront();
  const commits: string[] = [];
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) commits.push(await app.commit(version));
  // Before it nothing answers.
  await insistOn(home, app.task('release', { commit: commits[2] }));
  const load = loadOn(app.url, { keepAlive });
  const began = performance.now();
  await deployed(home, app, commits, deploys);
  const eachMs = (performance.now() - began) / deploys;
  const seen = await load.end();
  say(`${deploys} behind ${front}, connections ${keepAlive ? 'kept' : 'not kept'}`, seen, eachMs);
  if (Object.values(seen.failures).some(Boolean) && !mayFail) process.exitCode = 1;
}

function say(what: string, { requests, failures }: Load, eachMs: number): void {
  console.log(`${what}: of ${requests} requests failed ${JSON.stringify(failures)}; ${Math.round(eachMs)} ms a deploy`);
}

await Promise.all(ROUNDS.map(measure));
