import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findBrowser, openBrowser } from './browser.ts';
import { TestHome } from './test-home.ts';

/** Each waits for processes, on a machine that may be busy. */
const SOON = { timeout: 10_000 };

/** Puts a picture for the README there: `BOARD_PICTURE=docs/images/bull-board.png vitest run dashboard-in-browser`. */
const PICTURE = process.env['BOARD_PICTURE'];

/** A task that was done, and one that waits for Security. */
async function work(home: TestHome): Promise<void> {
  const release = [
    {
      action: 'config.file',
      with: { path: home.path('app.conf'), content: 'workers = 4\ntimeout = 30\n', mode: '0640' },
    },
    {
      action: 'infra.script',
      with: {
        interpreter: ['/bin/sh', '-eu'],
        text: 'for part in config assets cache; do echo "warming $part"; done',
        undo_text: 'true',
      },
    },
    { action: 'monitoring.probe', with: { check: { type: 'file', service: 'web', path: home.path('app.conf') } } },
  ];
  const because = { reason: 'Twice the workers for the web app' };
  const restart = [{ action: 'infra.command', with: { argv: ['touch', home.path('restarted')], undo: ['true'] } }];
  const failing = [{ action: 'infra.command', with: { argv: ['false'], undo: ['true'] } }];
  const failed = await home.submit(home.task('migrate-web-1', failing));
  await expect.poll(() => failed.getState(), SOON).toBe('failed');
  const held = await home.submit(home.task('restart-web-1', restart, { reason: 'Let the new workers in' }), [
    'manager',
    'plan-review',
  ]);
  await expect.poll(() => held.getState(), SOON).toBe('delayed');
  const done = await home.submit(home.task('release-web-1', release, because));
  await expect.poll(() => done.getState(), SOON).toBe('completed');
  await expect.poll(() => home.queue('ops-results').getWaitingCount(), SOON).toBe(2);
}

describe.skipIf(!findBrowser())('the dashboard in Chromium (left out where no browser is installed)', () => {
  it('shows the queues, a task with its log and its result, and asks nobody else for anything', async () => {
    await using home = await TestHome.make({ OPS_DASHBOARD: '127.0.0.1:0' }, { readResults: false });
    await home.start();
    await work(home);
    const url = home.state?.dashboard ?? '';
    const password = readFileSync(home.home.var.dashboardPassword, 'utf8').trim();
    const { page, elsewhere, errors } = await openBrowser(url, password);

    await page.goto(url);
    await page.getByText('release-web-1').waitFor();
    await page.getByText('restart-web-1').waitFor();
    await page.getByRole('link', { name: 'Queues' }).click();
    for (const queue of ['ops', 'ops-mini-1', 'ops-results', 'ops-alerts'])
      await page.getByRole('link', { name: queue, exact: true }).first().waitFor();

    await page.getByText('2 Jobs').waitFor();

    await page.goto(`${url}/queues/queue/ops-mini-1/restart-web-1`);
    await page.getByRole('tab', { name: 'Progress' }).click();
    await page.getByText('"not-cleared"').waitFor();

    await page.goto(`${url}/queues/queue/ops-mini-1/migrate-web-1`);
    await page.getByText('command-failed: step 1 (run false): exit code 1').waitFor();
    // What would change something is not even offered.
    expect(
      await page.getByRole('button', { name: /retry|promote|clean|duplicate|update|pause|empty|add/i }).count(),
    ).toBe(0);

    await page.goto(`${url}/queues/queue/ops-mini-1/release-web-1`);
    await page.getByText('"Twice the workers for the web app"').waitFor();
    await page.getByText('"Applied all 4 steps."').waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByText('warming assets').waitFor();
    await page.getByText('notes: Applied all 4 steps.').waitFor();
    await page.goto(`${url}/queues/queue/ops-mini-1`);
    await page.getByText('restart-web-1').first().waitFor();
    if (PICTURE) await page.screenshot({ path: PICTURE, animations: 'disabled' });
    expect([elsewhere, errors]).toEqual([[], []]);
  }, 60_000);
});
