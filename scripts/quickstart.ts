/** `npm run quickstart`: the whole story on this machine, in a home of its own below `.ops`. `--stay` keeps the daemon up. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { collectReports } from './quickstart/manager.ts';
import { Stage } from './quickstart/stage.ts';
import { changedCopy, POLICY, releaseTask, restartTask } from './quickstart/tasks.ts';

const { values } = parseArgs({ options: { stay: { type: 'boolean', default: false } } });
const home = join(import.meta.dirname, '../.ops/quickstart');
const site = join(home, 'site');
const path = (name: string) => join(home, 'tasks', name);

await rm(home, { recursive: true, force: true });
await mkdir(path(''), { recursive: true });
await mkdir(site);
await writeFile(join(site, 'app.conf'), 'workers = 2\ntimeout = 30\n');
await writeFile(path('release.yaml'), releaseTask(site));
await writeFile(path('restart.yaml'), restartTask(site));

await using stage = new Stage(home);

stage.chapter('Keys for every role, and a policy that allows something');
await stage.ops('keys', 'init', '--host', 'mini-1');
await writeFile(join(home, 'etc/policy.yaml'), POLICY);

stage.chapter('The daemon, with a Redis of its own');
await stage.startDaemon();
const manager = await collectReports(home);

stage.chapter('What a task would change');
await stage.ops('preview', path('release.yaml'));

stage.chapter('The task signed by Manager, PlanReview and Security: it runs');
await stage.ops('run', path('release.yaml'));

stage.chapter('A task that Security has not cleared yet: it is held, and nothing runs');
await stage.ops('sign', '--as', 'manager', path('restart.yaml'));
await stage.ops('sign', '--as', 'plan-review', path('restart.signed.json'));
await stage.opsEndingWith(3, 'submit', '--follow', path('restart.signed.json'));

stage.chapter('Security clears it: it runs');
await stage.ops('clear', 'restart-web-1');
await stage.ops('report', 'restart-web-1', '--wait');

stage.chapter('A copy of a signed task, changed on its way: it is refused');
await writeFile(path('changed.signed.json'), changedCopy(await readFile(path('restart.signed.json'), 'utf8')));
await stage.opsEndingWith(1, 'submit', '--follow', path('changed.signed.json'));

stage.chapter('The first task taken back');
await stage.ops('undo', 'release-web-1');
await stage.show('cat', join(site, 'app.conf'));

stage.chapter('What the host says of itself');
await stage.ops('tasks');
await stage.ops('audit', 'verify');

const reports = await manager.reports(['release-web-1', 'restart-web-1', 'restart-web-1', 'undo-']);
await writeFile(join(home, 'reports.json'), JSON.stringify(reports, null, 2));
stage.say(`\nManager read ${reports.length} reports from the results queue; each bears the host's signature.`);
await manager.close();

if (values.stay) await stage.stay();
