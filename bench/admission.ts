import { createPublicKey, verify } from 'node:crypto';
import { join } from 'node:path';
import { registry } from '../jobs/index.ts';
import { systemClock } from '../src/adapters/clock.ts';
import { keyRingFile, policyFile } from '../src/adapters/etc-files.ts';
import { openLedger } from '../src/adapters/ledger/index.ts';
import { verifierBy } from '../src/adapters/verify.ts';
import { parse } from '../src/admission/parse.ts';
import type { KeyRing } from '../src/contract/keyring.ts';
import { bindActions } from '../src/planning/registry.ts';
import { Redactor } from '../src/secret.ts';
import { Admissions } from '../src/services/admissions.ts';
import type { Ledger } from '../src/services/ledger.ts';
import type { Figure } from './figures.ts';
import type { BenchHome } from './home.ts';
import { median, pairedRatio } from './statistics.ts';
import type { Submission } from './tasks.ts';

const ROUNDS = 15;
const TIMES = 200;

/** Verifying three signatures and deciding, beside checking one signature. */
export async function admission(bench: BenchHome): Promise<Figure> {
  const ledger = openLedger(join(bench.home.var.dir, 'bench.db'), systemClock);
  const submission = await bench.signer.one({ argv: ['/bin/true'] });
  const admitOnce = oneAdmission(submission, ledger, bench);
  const verifyOnce = oneVerification(submission, keyRingFile(bench.home.etc.keyring).current());
  const [values, floors] = [[] as number[], [] as number[]];
  for (let round = 0; round < ROUNDS; round += 1) {
    floors.push(await microsecondsEach(verifyOnce));
    values.push(await microsecondsEach(admitOnce));
  }
  ledger.close();
  return {
    what: 'admission by three signatures, beside one verification',
    unit: 'µs',
    value: median(values),
    floor: median(floors),
    ratio: pairedRatio(values, floors),
    goal: { at: 'most', bound: 4 },
  };
}

function oneAdmission(submission: Submission, ledger: Ledger, { home }: BenchHome): () => Promise<void> {
  const ring = keyRingFile(home.etc.keyring);
  const policy = policyFile(home.etc.policy);
  const admissions = new Admissions({
    registry,
    host: { name: 'mini-1', sole: true },
    policy: () => policy.current(),
    apps: () => ({ apps: {} }),
    ledger,
    clock: systemClock,
    verifier: verifierBy(() => ring.current(), systemClock),
    control: { catchUp: async () => undefined },
    redactor: new Redactor(),
  });
  const parsed = parsedOf(submission);
  return async () => {
    const decision = await admissions.admit(await admissions.verify(parsed));
    if (decision.kind !== 'admitted') throw new Error(`expected the task to be admitted, not ${decision.kind}`);
  };
}

async function microsecondsEach(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  for (let n = 0; n < TIMES; n += 1) await work();
  return ((performance.now() - began) / TIMES) * 1000;
}

function parsedOf({ name, data, id }: Submission) {
  const delivery = { queue: 'ops-mini-1', jobId: id, name, data, scheduled: false, deliveries: 0 };
  const parsed = parse(delivery, (task) => bindActions(registry, 'actions' in task ? task.actions : []));
  if (parsed.kind === 'refused') throw new Error(parsed.message);
  return parsed;
}

function oneVerification({ data }: Submission, { keys }: KeyRing): () => Promise<void> {
  const [token = ''] = data.attestations;
  const [header = '', claims = '', signature = ''] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const jwk = keys.find((key) => key.kid === kid)?.jwk;
  if (!jwk) throw new Error(`no key ${kid}`);
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  const [signed, bytes] = [Buffer.from(`${header}.${claims}`), Buffer.from(signature, 'base64url')];
  return async () => {
    if (!verify(null, signed, key, bytes)) throw new Error('expected the signature to be good');
  };
}
