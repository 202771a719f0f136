import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { DashboardSources } from '../../src/dashboard/index.ts';
import type { Condition } from '../../src/services/ports.ts';
import { scheduleTotals } from '../../src/services/schedule-totals.ts';
import { actionsTask, claimed, START, testLedger } from '../services/support.ts';
import { addSchedules, SECRET, testServer } from './support.ts';

const NASTY = `<script>alert('x')</script> & "more"`;

async function sources(): Promise<DashboardSources> {
  const ledger = testLedger();
  await claimed(ledger, actionsTask({ task_id: 'task-1', reason: NASTY }));
  const opsOutput = { task_id: 'task-1' } as never;
  const ended = { at: START + 5, outcome: 'failed' as const, reason: 'exit-code', opsOutput };
  await ledger.commit(() => {
    ledger.conclude('task-1', ended);
    ledger.markUndone('task-1', 'undo-1');
    ledger.hold({
      task_id: 'task-2',
      digest: 'd',
      queue: 'ops',
      jobId: 'task-2',
      name: 'n',
      data: {},
      missing: ['not-cleared'],
      until: START,
    });
  });
  await claimed(ledger, actionsTask({ task_id: 'task-3', reason: SECRET }));
  return {
    queues: [],
    ledger,
    running: () => ['task-3'],
    schedules: () => scheduleTotals(ledger, null, START),
    redis: { status: 'ready' } as Redis,
  };
}

describe('the status page', () => {
  it('says what runs, what is held, and what was last', async () => {
    const { look, show } = await testServer();
    show(await sources());
    const answer = await look('/');
    expect(answer.headers['content-type']).toMatch(/^text\/html/);
    const text = answer.body.replaceAll(/<style>[^]*<\/style>|<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('mini-1 ready savorg-ops');
    expect(text).toContain(
      'Running 1 task-3 Held 1 task-2 not-cleared until 2026-11-23T09:00:00Z Schedules to see to 0 Latest 2',
    );
    expect(text).toContain('task-1 failed: exit-code, undone 2026-11-23T09:00:00Z');
    expect(answer.body).toContain('<a href="/queues/">');
  });

  it('says which schedules somebody should see to', async () => {
    const { look, show } = await testServer();
    const shown = await sources();
    await addSchedules(shown.ledger, START);
    show(shown);
    const text = (await look('/')).body.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'Schedules to see to 2 failed expired, schedule-failed, schedule-lapsed paused paused: a &lt;move&gt; Latest',
    );
  });

  it('runs no script, and lets nobody write HTML or secrets into it', async () => {
    const { look, show } = await testServer({ state: () => ({ state: 'safe-mode', reason: `${NASTY} ${SECRET}` }) });
    show(await sources());
    const { body } = await look('/');
    expect(body).not.toMatch(/<script|onload|hunter2/);
    expect(body).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot; [secret]');
  });

  it('T25: shows marks that nobody sees, such as those that turn text around', async () => {
    const { look } = await testServer({ state: () => ({ state: 'safe-mode', reason: 'a\u202egpj.exe\u001b[2J' }) });
    expect((await look('/')).body).toContain('a\\u202egpj.exe\\u001b[2J');
  });
});

describe('readiness', () => {
  it.each<[Condition, number]>([
    [{ state: 'starting', reason: null }, 503],
    [{ state: 'ready', reason: null }, 200],
    [{ state: 'safe-mode', reason: 'no policy' }, 503],
    [{ state: 'stopping', reason: 'SIGTERM' }, 503],
  ])('of %o is %i', async (now, status) => {
    const { ask, look } = await testServer({ state: () => now });
    const answer = await ask({ url: '/readyz' });
    expect([answer.statusCode, answer.json()]).toEqual([status, now]);
    expect((await ask({ url: '/healthz' })).statusCode).toBe(200);
    const page = (await look('/')).body;
    expect(page).toContain(`class="state ${now.state}"`);
    expect(page).toContain(now.reason ?? 'mini-1');
  });

  it('tells no secret', async () => {
    const { ask } = await testServer({ state: () => ({ state: 'safe-mode', reason: `cannot use ${SECRET}` }) });
    expect((await ask({ url: '/readyz' })).json()).toEqual({ state: 'safe-mode', reason: 'cannot use [secret]' });
  });
});
