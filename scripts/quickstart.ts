/** `npm run quickstart`: the whole story on this machine, in a home of its own below `.ops`. `--stay` keeps the daemon up. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeTree } from '../src/adapters/trees/seal.ts';
import { collectReports } from './quickstart/manager.ts';
import { Stage } from './quickstart/stage.ts';
import { changedCopy, deployTask, neverUp, POLICY } from './quickstart/tasks.ts';
import { Web } from './quickstart/web.ts';

const { values } = parseArgs({ options: { stay: { type: 'boolean', default: false } } });
const home = join(import.meta.dirname, '../.ops/quickstart');
const path = (name: string) => join(home, 'tasks', name);

await removeTree(home);
await mkdir(path(''), { recursive: true });
await using web = await Web.make(join(home, 'web'));
await using stage = new Stage(home);

const good = await web.commit('1.0.0');
await writeFile(path('staging.yaml'), deployTask('web-1.0-staging', 'staging', good));
await writeFile(path('production.yaml'), deployTask('web-1.0-production', 'production', good));
const bad = await web.commit('1.1.0', neverUp);
await writeFile(path('broken.yaml'), deployTask('web-1.1-staging', 'staging', bad));
await writeFile(path('unproved.yaml'), deployTask('web-1.1-production', 'production', bad));

stage.chapter('Keys for every role, a policy, and an app that may be deployed here');
await stage.ops('keys', 'init', '--host', 'mini-1');
await writeFile(join(home, 'etc/policy.yaml'), POLICY);
await writeFile(join(home, 'etc/apps.yaml'), web.declaration());

stage.chapter('The daemon, with a Redis of its own');
await stage.startDaemon();
const manager = await collectReports(home);

stage.chapter('A commit for staging, signed by Manager, PlanReview and Security: fetched, built, cut over, watched');
await stage.ops('run', path('staging.yaml'));
await stage.get(web.url('staging', '/version'));

stage.chapter('The same commit for production. Security has not cleared it yet: it is held, and nothing runs');
await stage.ops('sign', '--as', 'manager', path('production.yaml'));
await stage.ops('sign', '--as', 'plan-review', path('production.signed.json'));
await stage.opsEndingWith(3, 'submit', '--follow', path('production.signed.json'));

stage.chapter('Security clears it: it runs');
await stage.ops('clear', 'web-1.0-production');
await stage.ops('report', 'web-1.0-production', '--wait');

stage.chapter('A release that never gets healthy: it is taken back by itself');
await stage.opsEndingWith(1, 'run', path('broken.yaml'));
await stage.get(web.url('staging', '/version'));

stage.chapter('Production takes nothing that staging has not proved');
await stage.opsEndingWith(1, 'run', path('unproved.yaml'));

stage.chapter('A copy of a signed task, changed on its way: it is refused');
await writeFile(path('changed.signed.json'), changedCopy(await readFile(path('production.signed.json'), 'utf8')));
await stage.opsEndingWith(1, 'submit', '--follow', path('changed.signed.json'));

stage.chapter('What runs now, and how it came there');
await stage.ops('releases');
await stage.ops('tasks');
await stage.ops('audit', 'verify');

const ids = ['web-1.0-staging', 'web-1.0-production', 'web-1.1-staging', 'web-1.1-production', 'web-1.0-production'];
const reports = await manager.reports(ids);
await writeFile(join(home, 'reports.json'), JSON.stringify(reports, null, 2));
stage.say(`\nManager read ${reports.length} reports from the results queue; each bears the host's signature.`);
await manager.close();

if (values.stay) {
  stage.say(`\nThe app: ${web.url('staging', '/')} (staging), ${web.url('production', '/')} (production)`);
  await stage.stay();
}
