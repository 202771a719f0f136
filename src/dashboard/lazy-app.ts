import type { IncomingMessage, ServerResponse } from 'node:http';
import { coerceError } from '../errors.ts';
import type { App } from './app.ts';
import type { DashboardOptions, DashboardSources } from './dashboard.ts';

/** Loads the dashboard when somebody first looks: a daemon that nobody looks at needs neither its memory nor its time. */
export class LazyApp implements AsyncDisposable {
  readonly #options: DashboardOptions;
  readonly #password: string;
  #loading: Promise<App> | undefined;
  #app: App | undefined;
  #sources: DashboardSources | null = null;
  /** The last message before the daemon ran. */
  #since: number | undefined;

  constructor(options: DashboardOptions, password: string) {
    this.#options = options;
    this.#password = password;
  }

  show(sources: DashboardSources | null): void {
    this.#sources = sources;
    this.#since ??= sources?.ledger.lastSeqBefore(Number.MAX_SAFE_INTEGER);
    this.#app?.show(sources, this.#since ?? 0);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#loading ??= this.#load();
      (await this.#loading).answer(request, response);
    } catch (error) {
      this.#options.log.error({ reason: coerceError(error).message }, 'the dashboard could not be loaded');
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const app = await this.#loading?.catch(() => undefined);
    await app?.[Symbol.asyncDispose]();
  }

  async #load(): Promise<App> {
    const { dashboardApp } = await import('./app.ts');
    this.#app = await dashboardApp(this.#options, this.#password);
    this.#app.show(this.#sources, this.#since ?? 0);
    return this.#app;
  }
}
