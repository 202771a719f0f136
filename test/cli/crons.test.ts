import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { cronsOf } from '../../src/cli/cron-sources.ts';
import { crons } from '../../src/cli/crons.ts';
import { cronsNext } from '../../src/cli/crons-next.ts';
import { cronsPage } from '../../src/cli/crons-page.ts';
import { cronsShow } from '../../src/cli/crons-show.ts';
import { cronsTask } from '../../src/cli/crons-task.ts';
import { ActionsTask } from '../../src/contract/task.ts';
import { HOUR, testKeys } from '../services/support.ts';
import { definition } from '../support/definitions.ts';
import { cronHome } from './cron-home.ts';

const MINUTE = 60_000;
const hourly = definition({ name: 'hourly', pattern: '0 * * * *', time_zone: 'Europe/Berlin' });

describe('ops crons', () => {
  it('lists files that nobody has approved, and what is wrong with others, where no daemon has ever run', async () => {
    const { ask, put, home } = await cronHome();
    expect(await ask((context) => crons(context, {}))).toBe(`there are no schedules; write one to ${home.etc.crons}\n`);
    put('backup', definition());
    put('broken', 'a: [b');
    const [heading, backup, broken, , where] = (await ask((context) => crons(context, {}))).split('\n');
    expect(heading).toMatch(/^name +state +due +next +last$/);
    expect(backup).toBe('backup  not approved             At 02:30 (UTC)');
    expect(broken).toBe('broken  its file cannot be used');
    expect(where).toBe(`${home.etc.crons}/broken.yaml cannot be used:`);
  });

  it('tells when each is due in its zone, and how it went last', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(hourly);
    await line.pass(HOUR);
    const [, row] = (await ask((context) => crons(context, {}))).split('\n');
    expect(row).toBe(
      'hourly  active  Every hour (Europe/Berlin)  2026-11-23 12:00:00 +01:00  2026-11-23T10:00:00Z ran, completed',
    );
    const [data] = JSON.parse(await ask((context) => crons(context, { json: true })));
    expect(data).toMatchObject({
      name: 'hourly',
      state: 'active',
      file: null,
      pattern_in_words: 'Every hour',
      next_at: '2026-11-23T11:00:00Z',
      last: { due_at: '2026-11-23T10:00:00Z', state: 'ran', outcome: 'completed', duration_ms: 0 },
    });
  });

  it('tells why nothing of a schedule runs', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    const states = () =>
      ask((context) => {
        for (const { name, view } of cronsOf(context)) process.stdout.write(`${name} ${view?.state} ${view?.nextAt}\n`);
      });
    await line.define(hourly);
    await line.define(definition({ name: 'short', valid_until: '2026-11-23T10:00:00Z' }));
    await line.act('cron.pause', { schedule: 'hourly', reason: 'a move' });
    await line.pass(HOUR);
    expect(await states()).toBe('hourly paused null\nshort expired null\n');
    expect(await ask((context) => crons(context, {}))).toMatch(/hourly +paused: a move/);
    await line.act('cron.resume', { schedule: 'hourly' });
    const claims = {
      verb: 'veto',
      target: 'schedule:mini-1/hourly',
      reason: 'no',
      iss: 's',
      role: 'security',
    } as const;
    await line.ledger.commit(() => line.ledger.addStatement({ ...claims, iat: 1, jti: 'j' }, 'token'));
    expect(await states()).toBe('hourly vetoed null\nshort expired null\n');
    await line.pass(HOUR);
    expect(line.ledger.slots('hourly', 1)).toMatchObject([{ state: 'vetoed', outcome: null }]);
    expect(JSON.parse(await ask((context) => crons(context, { json: true })))).toMatchObject([
      { name: 'hourly', last: null },
      { name: 'short', last: null },
    ]);
  });

  it('tells that a key is lost that signed it', async () => {
    const { ask, start, home } = await cronHome();
    const line = await start();
    await line.define(hourly);
    const { manager } = await testKeys();
    const ring = JSON.parse(readFileSync(home.etc.keyring, 'utf8'));
    const keys = ring.keys.filter(({ kid }: { kid: string }) => kid !== manager.kid);
    writeFileSync(home.etc.keyring, JSON.stringify({ ...ring, keys }));
    expect(await ask((context) => crons(context, {}))).toContain('stopped: the key of savorg-manager');
  });

  it('says of a file whether it is what was approved', async () => {
    const { ask, start, put } = await cronHome();
    const line = await start();
    const states = async () =>
      JSON.parse(await ask((context) => crons(context, { json: true }))).map(
        ({ state, file }: { state: string; file: { state: string } }) => `${state} ${file.state}`,
      );
    await line.define(hourly);
    put('hourly', hourly);
    expect(await states()).toEqual(['active approved']);
    put('hourly', { ...hourly, pattern: '1 * * * *' });
    expect(await states()).toEqual(['active changed']);
    const text = await ask((context) => crons(context, {}));
    expect(text).toMatch(/active; changed since it was approved +Every hour/);
    put('hourly', 'nonsense');
    expect(await states()).toEqual(['active unusable']);
  });
});

describe('ops crons show', () => {
  it('tells what was signed by whom, and what became of its slots', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(hourly);
    await line.pass(HOUR);
    await line.pass(5 * HOUR + MINUTE * 2);
    const data = JSON.parse(await ask((context) => cronsShow(context, 'hourly', { json: true })));
    expect(data).toMatchObject({
      state: 'active',
      definition: hourly,
      defined_by: 'cron-1',
      defined_at: '2026-11-23T09:00:00Z',
      signed_by: ['manager: savorg-manager', 'plan-review: savorg-plan-review', 'security: savorg-security'],
      slots_by_state: { missed: 5, ran: 1 },
      slots: [
        { due_at: '2026-11-23T11:00:00Z', until_at: '2026-11-23T15:00:00Z', count: 5, state: 'missed' },
        { due_at: '2026-11-23T10:00:00Z', state: 'ran', outcome: 'completed' },
      ],
    });
    const text = await ask((context) => cronsShow(context, 'hourly', {}));
    expect(text).toMatch(/12:00:00 \+01:00 +5 slots until 2026-11-23 16:00:00 \+01:00 +missed/);
    expect(text).toMatch(/hourly\.20261123t100000z +ran, completed +0 ms +█\n/);
  });

  it('draws bars as long as slots took, against the longest', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(hourly);
    await line.pass(HOUR);
    await line.pass(HOUR);
    const durations = [1_000, 4_000];
    await line.ledger.commit(() => {
      for (const { dueAt } of line.ledger.slots('hourly', 2))
        line.ledger.changeSlot({ schedule: 'hourly', dueAt }, { durationMs: durations.shift() ?? 0 });
    });
    const text = await ask((context) => cronsShow(context, 'hourly', {}));
    expect(text.match(/█+/g)?.map(({ length }) => length)).toEqual([5, 20]);
  });

  it('names the alerts that stand for it', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(definition({ name: 'short', valid_until: '2026-11-23T10:00:00Z' }));
    await line.pass(HOUR);
    const { alerts } = JSON.parse(await ask((context) => cronsShow(context, 'short', { json: true })));
    expect(alerts).toEqual([
      {
        alert_id: expect.stringMatching(/^schedule-lapsed-/),
        severity: 'warning',
        state: 'raised',
        message: expect.stringMatching(/have it defined anew$/),
      },
    ]);
  });

  it('shows a file that is not approved, and says where to look for others', async () => {
    const { ask, put } = await cronHome();
    put('backup', definition());
    const shown = parse(await ask((context) => cronsShow(context, 'backup', {})));
    expect(shown).toMatchObject({ state: 'not-approved', definition: definition() });
    expect(await ask((context) => cronsShow(context, 'nothing', {}))).toContain('"ops crons" lists those there are');
  });
});

describe('ops crons next', () => {
  it('lists what is due of all schedules in order, and counts what it leaves out', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(definition());
    await line.define(definition({ name: 'often', pattern: '* * * * *' }));
    await line.define(definition({ name: 'paused-one', pattern: '* * * * *' }));
    await line.act('cron.pause', { schedule: 'paused-one', reason: 'a move' });
    const data = JSON.parse(await ask((context) => cronsNext(context, { days: 2, json: true })));
    expect(data).toMatchObject({ until: '2026-11-25T09:00:00Z', more: { often: 2 * 24 * 60 - 10 } });
    expect(data.slots.map(({ schedule }: { schedule: string }) => schedule)).toEqual([
      ...Array.from({ length: 10 }, () => 'often'),
      'backup',
      'backup',
    ]);
    const text = await ask((context) => cronsNext(context, { days: 2 }));
    expect(text).toContain('2026-11-24 02:30:00 +00:00  2026-11-24T02:30:00Z  backup    UTC\n');
    expect(text).toMatch(/often: 2870 more until 2026-11-25T09:00:00Z\n$/);
  });

  it('lists nothing after a definition is over', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define({ ...hourly, valid_until: '2026-11-23T11:30:00Z' });
    const { slots, more } = JSON.parse(await ask((context) => cronsNext(context, { days: 7, json: true })));
    expect(slots.map(({ local }: { local: string }) => local)).toEqual([
      '2026-11-23 11:00:00 +01:00',
      '2026-11-23 12:00:00 +01:00',
    ]);
    expect(more).toEqual({});
  });
});

describe('ops crons page', () => {
  it('is the same for the same ledger at any time, and lets nobody write Markdown or HTML into it', async () => {
    const { ask, start } = await cronHome();
    const line = await start();
    await line.define(definition({ purpose: 'Says <b>hello</b>\n# to | all' }));
    await line.define({ ...hourly, depends_on: [{ schedule: 'backup' }], retries: { count: 2, backoff_ms: 90_000 } });
    const page = await ask(cronsPage);
    expect(page).toMatch(/^# Schedules of mini-1\n\n## backup\n\nSays \\<b\\>hello\\<\/b\\> \\# to \\| all\n/);
    expect(page).toContain('- **due**: Every hour (`0 * * * *`, Europe/Berlin)\n');
    expect(page).toContain('- **depends on**: `backup`\n');
    expect(page).toContain('- **where it fails**: undone, tried again 2 times, first after 90 s\n');
    expect(page).toContain('- **alert**: warning, after 1 failure in a row\n');
    expect(page).toContain('ops veto schedule:mini-1/<name>');
    await line.pass(MINUTE);
    expect(await ask(cronsPage)).toBe(page);
  });
});

describe('ops crons task', () => {
  it('prints a task that, signed, makes the file what is approved', async () => {
    const { ask, start, put } = await cronHome();
    put('hourly', hourly);
    const text = await ask((context) => cronsTask(context, 'hourly', { plan: 'plan-9' }));
    const task = ActionsTask.parse(parse(text, { schema: 'core' }));
    expect(task).toMatchObject({ host: 'mini-1', plan_id: 'plan-9', expires_at: '2026-11-24T09:00:00Z' });
    const line = await start();
    await line.act('cron.define', task.actions[0]?.with ?? {});
    const [row] = JSON.parse(await ask((context) => crons(context, { json: true })));
    expect(z.object({ file: z.object({ state: z.string() }) }).parse(row).file.state).toBe('approved');
  });

  it('names a host and a plan of its own where it is told to, or not', async () => {
    const { ask, put } = await cronHome();
    put('hourly', hourly);
    const task = parse(await ask((context) => cronsTask(context, 'hourly', { host: 'mini-2' })), { schema: 'core' });
    expect([task.host, task.plan_id, task.environment]).toEqual(['mini-2', 'define-hourly-20261123t090000z', 'host']);
  });

  it('says what is wrong with a file, and where to write one', async () => {
    const { ask, put, home } = await cronHome();
    put('broken', 'name: other');
    const task = (name: string) => ask((context) => cronsTask(context, name, {}));
    expect(await task('broken')).toMatch(/broken\.yaml cannot be used:\n/);
    expect(await task('none')).toContain(`there is no ${home.etc.crons}/none.yaml: write the definition there`);
  });
});
