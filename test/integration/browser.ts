import { accessSync, constants } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import names from '../../scripts/browsers.json' with { type: 'json' };

const OPTIONS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** A browser of this machine, if there is one. */
export function findBrowser(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => resolve(folder, name))).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Visit {
  page: Page;
  /** What was asked for beyond the page's own site; it was not given. */
  elsewhere: string[];
  /** What the page's scripts threw. */
  errors: string[];
}

/** Opens `url` as somebody with this password; closed at the end of the test. */
export async function openBrowser(url: string, password: string): Promise<Visit> {
  const browser = await chromium.launch({ executablePath: findBrowser() ?? '', args: OPTIONS });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({
    httpCredentials: { username: 'ops', password },
    viewport: { width: 1280, height: 800 },
  });
  const [elsewhere, errors]: [string[], string[]] = [[], []];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.route(
    (asked) => asked.origin !== new URL(url).origin,
    (route) => {
      elsewhere.push(route.request().url());
      return route.abort();
    },
  );
  return { page, elsewhere, errors };
}
