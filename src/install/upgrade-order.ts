import { statSync } from 'node:fs';
import { registry } from '../../jobs/index.ts';
import { UpgradeInput } from '../../jobs/infra/upgrade.ts';
import { systemClock } from '../adapters/clock.ts';
import { keyRingFile, policyFile } from '../adapters/etc-files.ts';
import { openLedger } from '../adapters/ledger/index.ts';
import { readRegularFile } from '../adapters/regular-file.ts';
import { asUser } from '../adapters/users.ts';
import { verifierBy } from '../adapters/verify.ts';
import { admit } from '../admission/admit.ts';
import { admissionTime } from '../admission/checks/time.ts';
import { helps } from '../admission/checks/tokens.ts';
import { type Candidate, type LedgerFacts, targetsOf } from '../admission/facts.ts';
import { headingOf, type ParsedTask, parse } from '../admission/parse.ts';
import { loadConfig } from '../config.ts';
import { OpsError } from '../errors.ts';
import type { Home } from '../home.ts';
import type { BoundAction } from '../planning/action.ts';
import { permissionsOf, subjectsOf } from '../planning/run-plan.ts';
import { boundActionsOf } from '../services/work.ts';

/** What a signed task has root do. */
export interface UpgradeOrder extends UpgradeInput {
  task_id: string;
  /** Of the task. */
  digest: string;
}

/**
 * The upgrade that a file of the daemon's asks for. Root takes nobody's word for it: it is judged here as the daemon
 * judges a delivery, by root's own keys and policy. The ledger, which is the daemon's, can only forbid.
 * @throws OpsError with the reason.
 */
export async function orderIn(path: string, home: Home): Promise<UpgradeOrder> {
  const owner = statSync(home.var.dir);
  const parsed = parsedIn(await asUser(owner, () => readRegularFile(path)), path);
  const { task, digest, actions } = parsed;
  const last = actions.at(-1);
  if (last?.name !== 'infra.upgrade') throw new OpsError(`${task.task_id} asks for no upgrade`);
  await insistOnAdmission(parsed, home);
  return { task_id: task.task_id, digest, ...UpgradeInput.parse(last.input) };
}

/** Whatever else the file may be, nothing of it is said. */
function parsedIn(text: string, path: string): ParsedTask<BoundAction> {
  const data = jsonIn(text, path);
  const heading = headingOf(data);
  const [jobId, name] = [heading?.task_id ?? '', heading?.operation_type];
  const delivery = { queue: '', jobId, name, data, scheduled: false, deliveries: 0 };
  const parsed = parse(delivery, (task) => boundActionsOf(task, registry, { definition: () => undefined }));
  if (parsed.kind === 'refused') throw new OpsError(`${path}: ${parsed.reason}: ${parsed.message}`);
  return parsed;
}

function jsonIn(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OpsError(`${path} is no signed task`);
  }
}

/** @throws OpsError unless this task may run on this host now. */
async function insistOnAdmission(
  { task, digest, tokens, actions }: ParsedTask<BoundAction>,
  home: Home,
): Promise<void> {
  const { host } = loadConfig(home.root);
  const targets = targetsOf(task, subjectsOf(actions), host.name);
  const candidate = { task, digest, actions: actions.flatMap(permissionsOf), targets };
  const { latest, ...ledger } = await ledgerFacts(candidate, home);
  const now = admissionTime(systemClock.now(), latest);
  const verifier = verifierBy(() => keyRingFile(home.etc.keyring).current(), systemClock);
  const signed = await Promise.all(tokens.map((token) => verifier.attestation(token)));
  const facts = {
    host: { name: host.name, sole: false },
    policy: policyFile(home.etc.policy).current(),
    tokens: signed.filter((token) => helps(token, candidate, ledger.bornAt, now)),
    knownSecretAt: null,
    slotProblem: null,
    ledger,
  };
  const decision = admit(candidate, facts, now);
  if (decision.kind === 'refused') throw new OpsError(`${decision.reason}: ${decision.message}`);
  if (decision.kind === 'held') throw new OpsError(`${task.task_id} is ${decision.missing.join(', ')}`);
}

/** Of a task that has begun: it is claimed, and no pause stops it. */
async function ledgerFacts(candidate: Candidate, { var: own }: Home): Promise<LedgerFacts & { latest: number }> {
  return asUser(statSync(own.dir), () => {
    const ledger = openLedger(own.ledger, systemClock, { readOnly: true });
    try {
      const facts = ledger.factsFor(candidate, systemClock.now());
      return { ...facts, claimedDigest: null, pauses: [], latest: ledger.latestTime() };
    } finally {
      ledger.close();
    }
  });
}
