import { type AdmissionFacts, type Candidate, type Check, verifiedTokens } from '../facts.ts';
import { goesWithoutSecurity } from '../policy.ts';
import type { Missing } from '../reasons.ts';

/** Approved, cleared and not paused. Missing is not wrong: the task is held until nothing is, or it expires. */
export const nothingMissing: Check = (candidate, facts) => {
  const missing = signaturesMissing(candidate, facts);
  const { pauses } = facts.ledger;
  const expiry = Date.parse(candidate.task.expires_at);
  if (pauses.length > 0) {
    const endOfPauses = Math.max(...pauses.map(({ until }) => until));
    return { kind: 'held', missing: [...missing, 'paused'], until: Math.min(endOfPauses, expiry) };
  }
  return missing.length > 0 ? { kind: 'held', missing, until: expiry } : undefined;
};

function signaturesMissing(candidate: Candidate, facts: AdmissionFacts): Missing[] {
  if (!('actions' in candidate.task)) return [];
  const missing: Missing[] = [];
  if (!says(facts, 'approved')) missing.push('not-approved');
  if (!says(facts, 'cleared') && !clearanceWaived(candidate, facts)) missing.push('not-cleared');
  return missing;
}

function says(facts: AdmissionFacts, decision: string): boolean {
  return verifiedTokens(facts).some(({ claims }) => claims.decision === decision);
}

/** Policy lists this kind of task, and PlanReview (never Manager) says that its workflow has no Security. */
function clearanceWaived({ task }: Candidate, facts: AdmissionFacts): boolean {
  if (!goesWithoutSecurity(facts.policy, task.operation_type, task.environment)) return false;
  return verifiedTokens(facts).some(({ claims }) => claims.security === 'not-in-workflow');
}
