import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Alert } from '../../src/contract/alert.ts';
import type { Report } from '../../src/contract/index.ts';
import type { Definition } from '../../src/schedule/definition.ts';
import { TestHome } from './test-home.ts';
import { until } from './until.ts';

const DAY_MS = 24 * 3600_000;
const POLICY = `allow:
  - actions: [cron.define, cron.run-now, infra.command, infra.script, monitoring.probe]
    environments: [host, staging]
    hosts: [mini-1]
    paths: [/]
    binaries: [/]
    network: true
`;

/** A home whose daemon runs schedules. */
export class SchedulingHome implements AsyncDisposable {
  readonly #test: TestHome;
  #tasks = 0;
  /** When each schedule was run last. */
  readonly #seconds = new Map<string, number>();

  static async start(env: Record<string, string>): Promise<SchedulingHome> {
    const test = await TestHome.make(env);
    writeFileSync(test.home.etc.policy, POLICY);
    await test.start();
    return new SchedulingHome(test);
  }

  private constructor(test: TestHome) {
    this.#test = test;
  }

  ops(...args: string[]) {
    return this.#test.ops(...args);
  }

  /** What the commands of a task printed. */
  output(taskId: string): string {
    return readFileSync(join(this.#test.home.var.output, `${taskId}.log`), 'utf8');
  }

  /** Has it defined, or defined anew, by a signed task. */
  define(definition: Definition): Promise<Report> {
    return this.#do({ action: 'cron.define', with: definition });
  }

  /** Has it defined and run at once; the report of the slot's task. */
  async run(definition: Definition): Promise<Report> {
    await this.define(definition);
    return this.runNow(definition.name);
  }

  /** The report of the slot's task. A schedule has one slot a second. */
  async runNow(name: string): Promise<Report> {
    const slots = () => this.#test.reports.filter(({ evidence }) => evidence.task_id.startsWith(`${name}.`));
    const before = slots().length;
    await until('another second', () => secondOf() > (this.#seconds.get(name) ?? 0));
    await this.#do({ action: 'cron.run-now', with: { schedule: name } });
    this.#seconds.set(name, secondOf());
    await until(`a slot of ${name}`, () => slots().length > before);
    return slots().at(-1) as Report;
  }

  async alerts(): Promise<Alert[]> {
    const jobs = await this.#test.queue('ops-alerts').getJobs();
    return jobs.map(({ data }) => data.alert);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#test[Symbol.asyncDispose]();
  }

  async #do(action: { action: string; with: Record<string, unknown> }): Promise<Report> {
    this.#tasks += 1;
    const taskId = `cron-task-${this.#tasks}`;
    await this.#test.submit(this.#test.task(taskId, [action], { operation_type: 'cron', environment: 'host' }));
    const report = await this.#test.report(taskId);
    if (report.evidence.outcome !== 'completed') throw new Error(JSON.stringify(report.ops_output.blockers));
    return report;
  }
}

const secondOf = (): number => Math.floor(Date.now() / 1000);

/** As if a file or folder had not been touched for so many days. */
export const age = (path: string, days: number): void =>
  utimesSync(path, new Date(), new Date(Date.now() - days * DAY_MS));

/** And the codes of its blockers. */
export const outcomeOf = ({ evidence, ops_output }: Report): string[] => [
  evidence.outcome,
  ...ops_output.blockers.map(({ code }) => code),
];

/** Every file and folder below one, with its mode and content. */
export function contentsOf(folder: string): Record<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(
    paths.map((path) => {
      const { mode } = statSync(join(folder, path));
      const content = statSync(join(folder, path)).isDirectory() ? '' : readFileSync(join(folder, path), 'base64');
      return [path, `${mode.toString(8)} ${content}`];
    }),
  );
}
