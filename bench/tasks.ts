import { join } from 'node:path';
import { readRoleKey } from '../src/adapters/etc-files.ts';
import { attest } from '../src/contract/attestation.ts';
import { type Task, utcTime } from '../src/contract/index.ts';
import type { Home } from '../src/home.ts';

const HOUR_MS = 3600_000;

export interface Submission {
  name: string;
  data: { task: Task; attestations: string[] };
  id: string;
}

export interface CommandInput {
  argv: string[];
  output_limit_bytes?: number;
}

/** Tasks of one command each that do not wait for each other, signed by Manager, PlanReview and Security. */
export class Signer {
  readonly #keys: Home['keys'];
  #count = 0;

  constructor(home: Home) {
    this.#keys = home.keys;
  }

  many(count: number): Promise<Submission[]> {
    return Promise.all(Array.from({ length: count }, () => this.one({ argv: ['/bin/true'] })));
  }

  async one(input: CommandInput): Promise<Submission> {
    this.#count += 1;
    const task = taskOf(`bench-${this.#count}`, input);
    const keys = ['manager', 'plan-review', 'security'].map((role) => readRoleKey(join(this.#keys, `${role}.jwk`)));
    const statement = { covers: { task }, issuedAt: new Date(), validForMs: HOUR_MS };
    const attestations = await Promise.all(keys.map((key) => attest(key, statement)));
    return { name: task.operation_type, data: { task, attestations }, id: task.task_id };
  }
}

function taskOf(task_id: string, input: CommandInput): Task {
  return {
    task_id,
    operation_type: 'infra',
    environment: 'staging',
    host: 'mini-1',
    reason: 'bench',
    plan_id: 'plan-1',
    actions: [{ action: 'infra.command', with: { ...input, resources: [`bench:${task_id}`] }, irreversible: true }],
    on_failure: 'stop',
    expires_at: utcTime(Date.now() + HOUR_MS),
  };
}
