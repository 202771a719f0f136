import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/contract/report.ts';
import type { ActionRequest } from '../../src/contract/task.ts';
import { adapted } from '../support/stock.ts';
import { age, contentsOf, outcomeOf, SchedulingHome } from './scheduling-home.ts';

const DOUBLES = join(import.meta.dirname, '../doubles/mac-tools');

/** With all that a shell could take amiss. */
const folder = mkdtempSync(join(tmpdir(), "ops it's $HOME *-"));
/** Stands first on the daemon's PATH. */
const tools = mkdtempSync(join(tmpdir(), 'ops-tools-'));
const at = (...path: string[]) => join(folder, ...path);
let home: SchedulingHome;

beforeAll(async () => {
  for (const name of ['data', 'data/sub dir', 'backups', 'trash', 'log', 'log/web', 'reports']) mkdirSync(at(name));
  writeFileSync(at('data/app.conf'), 'workers = 4\n');
  writeFileSync(at("data/sub dir/it's a \\ $file\nof two lines"), 'odd');
  writeFileSync(at('data/-rf'), randomBytes(100_000));
  home = await SchedulingHome.start({ PATH: `${tools}:${process.env['PATH']}` });
}, 30_000);
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  for (const path of [folder, tools]) rmSync(path, { recursive: true });
});

const stock = (name: string, changes: [string, string][] = []) => ({
  ...adapted(name, folder, changes),
  retries: { count: 0, backoff_ms: 1_000 },
});

/** The alerts that were raised because of this slot. */
const alertsBy = async ({ evidence }: Report) =>
  (await home.alerts())
    .filter(({ message }) => message.includes(`last ${evidence.task_id}: `))
    .map(({ code, severity }) => [code, severity]);

const backup = 'backup-with-restore-check';

describe('the backup', () => {
  it('keeps a copy that has all files as they were; each undo takes back its own copy alone', async () => {
    const before = contentsOf(folder);
    const first = await home.run(stock(backup));
    expect(outcomeOf(first)).toEqual(['completed']);
    expect(home.output(first.evidence.task_id)).toContain('copied 3 files\nrestored every file as it was\n');
    const second = await home.runNow(backup);
    expect(readdirSync(at('backups'))).toEqual([first.evidence.task_id, second.evidence.task_id]);
    const restored = mkdtempSync(join(tools, 'restored-'));
    await execa('tar', ['-xzf', at('backups', first.evidence.task_id, 'files.tar.gz'), '-C', restored]);
    expect(contentsOf(restored)).toEqual(contentsOf(at('data')));
    expect(await home.ops('undo', first.evidence.task_id)).toMatchObject({ exitCode: 0 });
    expect(readdirSync(at('backups'))).toEqual([second.evidence.task_id]);
    expect(await home.ops('undo', second.evidence.task_id)).toMatchObject({ exitCode: 0 });
    expect(contentsOf(folder)).toEqual(before);
  });

  it('moves what is more than it keeps to the trash, and its undo brings that back', async () => {
    await home.define(stock(backup, [['KEEP: "7"', 'KEEP: "2"']]));
    const [one, two] = [await home.runNow(backup), await home.runNow(backup)];
    const before = contentsOf(folder);
    const three = await home.runNow(backup);
    const names = [one, two, three].map(({ evidence }) => evidence.task_id);
    expect(readdirSync(at('backups'))).toEqual(names.slice(1));
    expect(readdirSync(at('trash', names[2] ?? ''))).toEqual(names.slice(0, 1));
    expect(await home.ops('undo', names[2] ?? '')).toMatchObject({ exitCode: 0 });
    expect(contentsOf(folder)).toEqual(before);
  });

  const part = '$BACKUPS/.part.$OPS_TASK_ID';
  it.each([
    ['with a byte changed', `printf X | dd of="${part}/files.tar.gz" bs=1 seek=60 conv=notrunc`],
    ['cut short', `head -c 50000 "${part}/files.tar.gz" >"${part}/x"; mv "${part}/x" "${part}/files.tar.gz"`],
    [
      'whole, but of another content',
      `cd "${part}"; mkdir x; tar -xzf files.tar.gz -C x; echo other >x/app.conf; tar -czf files.tar.gz -C x .`,
    ],
    ['whole, but without one file', `cd "$SOURCE"; tar -czf "${part}/files.tar.gz" ./app.conf`],
  ])('finds an archive that is %s: the slot fails, nothing of it stays, and somebody hears of it', async (_, text) => {
    const before = contentsOf(folder);
    const whole = stock(backup);
    const [copy, ...checks] = whole.actions as [ActionRequest, ...ActionRequest[]];
    const damage: ActionRequest = {
      ...copy,
      with: { ...copy.with, text, undo_text: ':' },
    };
    const report = await home.run({ ...whole, actions: [copy, damage, ...checks] });
    expect(outcomeOf(report)).toEqual(['failed', 'command-failed']);
    expect(report.ops_output.blockers[0]?.message).toMatch(/^step 3 /);
    expect(contentsOf(folder)).toEqual(before);
    await expect.poll(() => alertsBy(report)).toEqual([['schedule-failed', 'critical']]);
  });

  it('fails where there is nothing to copy, or no place for the copy', async () => {
    const before = contentsOf(folder);
    const empty = await home.run(stock(backup, [[at('data'), at('reports')]]));
    const unmounted = await home.run(stock(backup, [[at('backups'), at('backups/not mounted')]]));
    expect([empty, unmounted].map(outcomeOf)).toEqual([
      ['failed', 'command-failed'],
      ['failed', 'not-started'],
    ]);
    expect(contentsOf(folder)).toEqual(before);
  });
});

describe('log-pruning and trash-emptying', () => {
  const old = ['app.log.1', 'web/access.log-20260901', "web/it's.log.2.gz"];
  beforeAll(async () => {
    for (const name of [...old, 'app.log', 'notes.txt', 'app.log.0']) writeFileSync(at('log', name), `${name}\n`);
    for (const name of [...old, 'app.log', 'notes.txt']) age(at('log', name), 40);
    expect(outcomeOf(await home.run(stock(backup)))).toEqual(['completed']);
  });

  it('moves old rotated logs and nothing else, and its undo brings them back', async () => {
    const before = contentsOf(folder);
    const report = await home.run(stock('log-pruning'));
    expect(outcomeOf(report)).toEqual(['completed']);
    const left = Object.keys(contentsOf(at('log')));
    expect(left).toEqual(['app.log', 'app.log.0', 'notes.txt', 'web']);
    expect(Object.keys(contentsOf(at('trash', report.evidence.task_id)))).toEqual(expect.arrayContaining(old));
    expect(await home.ops('undo', report.evidence.task_id)).toMatchObject({ exitCode: 0 });
    expect(contentsOf(folder)).toEqual(before);
  });

  it('does not put one back over a log that has its name again', async () => {
    const { evidence } = await home.runNow('log-pruning');
    writeFileSync(at('log/app.log.1'), 'of today\n');
    expect(await home.ops('undo', evidence.task_id)).toMatchObject({ exitCode: 1 });
    expect(readFileSync(at('log/app.log.1'), 'utf8')).toBe('of today\n');
    expect(Object.keys(contentsOf(at('trash', evidence.task_id)))).toEqual(expect.arrayContaining(old));
    rmSync(at('log/app.log.1'));
    expect(await home.ops('undo', evidence.task_id)).toMatchObject({ exitCode: 0 });
  });

  it('leaves everything as it is where there is nothing to prune, and where the trash would prune itself', async () => {
    const before = contentsOf(folder);
    expect(outcomeOf(await home.run(stock('log-pruning', [['DAYS: "30"', 'DAYS: "400"']])))).toEqual(['completed']);
    const within = await home.run(stock('log-pruning', [[`TRASH: ${at('trash')}`, `TRASH: ${at('log/web')}`]]));
    expect(outcomeOf(within)).toEqual(['failed', 'command-failed']);
    expect(contentsOf(folder)).toEqual(before);
  });

  it('removes for good what has lain there for more than a week, and then no undo says that it brought it back', async () => {
    const pruned = await home.run(stock('log-pruning'));
    const { task_id } = pruned.evidence;
    mkdirSync(at('trash/of somebody else'));
    for (const name of ['of somebody else', task_id]) age(at('trash', name), 7);
    await home.run(stock('trash-emptying'));
    expect(existsSync(at('trash', task_id))).toBe(true);
    for (const name of ['of somebody else', task_id]) age(at('trash', name), 9);
    const emptied = await home.runNow('trash-emptying');
    expect(outcomeOf(emptied)).toEqual(['completed']);
    expect(readdirSync(at('trash'))).toEqual([`${task_id}.emptied`, 'of somebody else']);
    expect(await home.ops('undo', emptied.evidence.task_id)).toMatchObject({ exitCode: 1 });
    expect(await home.ops('undo', task_id)).toMatchObject({ exitCode: 1 });
    expect(existsSync(at('log/app.log.1'))).toBe(false);
  });
});

describe('disk-health', () => {
  it('is well on this disk, and changes nothing', async () => {
    const before = contentsOf(folder);
    const report = await home.run(stock('disk-health', [['"90"', '"100"']]));
    expect(outcomeOf(report)).toEqual(['completed']);
    expect(report.ops_output.health_checks.map(({ service, status }) => [service, status])).toEqual([
      ['disk-space', 'healthy'],
      ['disk-inodes', 'healthy'],
      ['disk-drive', 'healthy'],
    ]);
    expect(contentsOf(folder)).toEqual(before);
  });

  it('fails beyond its limit, with the percentage as exit code, and tells when that stays', async () => {
    const { stdout } = await execa('df', ['-P', folder]);
    const used = /(\d+)%/.exec(stdout)?.[1];
    const report = await home.run(stock('disk-health', [['"90"', '"0"']]));
    expect(outcomeOf(report)).toEqual(['failed', 'unhealthy']);
    expect(report.ops_output.blockers[0]?.message).toContain(`disk-space is down: exit code ${used}`);
    const again = await home.runNow('disk-health');
    await expect.poll(() => alertsBy(again)).toEqual([['schedule-failed', 'critical']]);
    expect(await alertsBy(report)).toEqual([]);
  });

  it('fails where df does not tell', async () => {
    const report = await home.run(stock('disk-health', [[`- ${folder}\n`, `- ${at('gone')}\n`]]));
    expect(report.ops_output.blockers[0]?.message).toContain('disk-space is down: exit code 101');
  });
});

describe('update-report', () => {
  it('is written whole, by the tools that are there, and its undo removes it', async () => {
    const before = contentsOf(folder);
    const report = await home.run(stock('update-report'));
    const written = at('reports', `${report.evidence.task_id}.txt`);
    expect(readdirSync(at('reports'))).toEqual([`${report.evidence.task_id}.txt`]);
    expect(readFileSync(written, 'utf8')).toMatch(/^== Debian\nListing\.\.\.\n/);
    expect(await home.ops('undo', report.evidence.task_id)).toMatchObject({ exitCode: 0 });
    expect(contentsOf(folder)).toEqual(before);
  });
});

describe('on a Mac', () => {
  beforeAll(() => cpSync(DOUBLES, tools, { recursive: true }));

  it.each([
    ['disk0', ['completed'], 'healthy'],
    ['disk1', ['failed', 'unhealthy'], 'exit code 1'],
    ['disk2', ['completed'], 'healthy'],
    ['disk3', ['failed', 'unhealthy'], 'exit code 2'],
  ])('disk-health believes what %s says of itself', async (disk, outcome, said) => {
    const report = await home.run(
      stock('disk-health', [
        ['"90"', '"100"'],
        ['- disk0', `- ${disk}`],
      ]),
    );
    expect(outcomeOf(report)).toEqual(outcome);
    expect(JSON.stringify(report.ops_output)).toContain(said);
  });

  it('disk-health finds the inodes beside the space in what df says', async () => {
    const report = await home.run(stock('disk-health'));
    expect(report.ops_output.blockers[0]?.message).toContain('disk-inodes is down: exit code 95');
  });

  it('update-report asks Apple and Homebrew', async () => {
    const report = await home.run(stock('update-report'));
    const text = readFileSync(at('reports', `${report.evidence.task_id}.txt`), 'utf8');
    expect(text).toContain(
      '== macOS\nSoftware Update Tool\n\nFinding available software\nNo new software available.\n',
    );
    expect(text).toContain('== Homebrew\nredis (8.2.1) < 8.4.0\n');
  });
});
