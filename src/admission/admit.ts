import type { Attestor } from '../contract/report.ts';
import { withoutSecrets } from './checks/literal.ts';
import { nothingMissing } from './checks/missing.ts';
import { allowed, definitionStands, undoable } from './checks/permitted.ts';
import { idIsUnused, notWithdrawn, rightHost } from './checks/standing.ts';
import { clockIsSane, inItsWindow } from './checks/time.ts';
import { principalsDiffer, requested, tokensCover, tokensInTime, tokensStand } from './checks/tokens.ts';
import { type AdmissionFacts, type Candidate, type Check, type TokenFact, verifiedTokens } from './facts.ts';
import type { Held, Refused } from './reasons.ts';

/** `known`: this very task was claimed before; its recorded outcome is the answer. */
export type Decision = { kind: 'admitted'; attestedBy: Attestor[] } | { kind: 'known' } | Held | Refused;

/** Their order is part of the contract: the same bad task always gets the same reason. */
const CHECKS: readonly Check[] = [
  tokensStand,
  tokensCover,
  tokensInTime,
  requested,
  principalsDiffer,
  clockIsSane,
  inItsWindow,
  rightHost,
  idIsUnused,
  notWithdrawn,
  withoutSecrets,
  nothingMissing,
  allowed,
  undoable,
  definitionStands,
];

/** Whether a parsed task may run now. Pure: called before the wait for locks, and again where the claim is written. */
export function admit(candidate: Candidate, facts: AdmissionFacts, now: number): Decision {
  if (facts.ledger.claimedDigest === candidate.digest) return { kind: 'known' };
  for (const check of CHECKS) {
    const verdict = check(candidate, facts, now);
    if (verdict) return verdict;
  }
  return { kind: 'admitted', attestedBy: attestorsIn(facts.tokens) };
}

/** Whose valid signatures these are. */
export function attestorsIn(tokens: readonly TokenFact[]): Attestor[] {
  return verifiedTokens({ tokens }).map(({ kid, claims }) => ({ role: claims.role, principal: claims.iss, kid }));
}
