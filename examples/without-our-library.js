// The wire contract with jose and canonicalize alone: node examples/without-our-library.js <home> <task.json>
// Prints a signed task, a job's data for the queue ops-<host>: name = task.operation_type, id = task.task_id.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import canonicalize from 'canonicalize';
import { CompactSign, importJWK } from 'jose';

const [home, file] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const task = read(file);
const digest = `sha256:${createHash('sha256').update(canonicalize(task)).digest('hex')}`;
const decisions = { manager: 'requested', 'plan-review': 'approved', security: 'cleared' };

const sign = async ([role, decision]) => {
  const { kid, principal, ...jwk } = read(`${home}/keys/${role}.jwk`);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: principal, role, decision, iat, exp: iat + 3600, sub: task.task_id, digest };
  return new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'savorg-attestation+jwt', kid })
    .sign(await importJWK(jwk, 'EdDSA'));
};
const attestations = await Promise.all(Object.entries(decisions).map(sign));
console.log(JSON.stringify({ task, attestations }));
