import { type Attestation, CLOCK_SKEW_MS, TOKEN_MAX_AGE_MS } from '../../contract/attestation.ts';
import type { Role } from '../../contract/names.ts';
import { isSlot, isUndo, type Task } from '../../contract/task.ts';
import {
  type AdmissionFacts,
  type Candidate,
  type Check,
  type TokenFact,
  type VerifiedToken,
  verifiedTokens,
} from '../facts.ts';
import { type Reason, refused } from '../reasons.ts';

const REJECTIONS: readonly Reason[] = ['bad-token', 'unknown-key', 'revoked-key', 'wrong-role'];

/** No token is forged, unknown, revoked, or of a role that has no say in such a task. */
export const tokensStand: Check = ({ task }, facts) => {
  const rejected = facts.tokens.filter((token) => !token.verified);
  const worst = REJECTIONS.map((reason) => rejected.find((token) => token.reason === reason)).find(Boolean);
  if (worst) return refused(worst.reason, worst.message);
  const stranger = verifiedTokens(facts).find(
    ({ claims }) => !rolesWithASay(task).includes(claims.role) || isAnotherHost(claims, facts),
  );
  return stranger && refused('wrong-role', `${stranger.claims.role} (${stranger.claims.iss}) has no say in this task`);
};

/** Each token is about this very task, or a plan that lists it. */
export const tokensCover: Check = ({ task, digest }, facts) => {
  const other = verifiedTokens(facts).find(({ claims }) => !isAbout(claims, task, digest));
  return (
    other && refused('wrong-digest', `${other.claims.role} (${other.claims.iss}) signed something else than ${digest}`)
  );
};

export const tokensInTime: Check = (_candidate, facts, now) => {
  for (const { claims } of verifiedTokens(facts)) {
    const problem = timeProblem(claims, facts.ledger.bornAt, now);
    if (problem) return refused('token-expired', `${claims.role} (${claims.iss}): ${problem}`);
  }
  return undefined;
};

export const requested: Check = ({ task }, facts) => {
  const asked = verifiedTokens(facts).some(({ claims }) => claims.decision === 'requested');
  return asked ? undefined : refused('not-requested', `expected a request signed by ${requesters(task).join(' or ')}`);
};

/** Requester, approver and clearer are three principals. */
export const principalsDiffer: Check = (_candidate, facts) => {
  const decisions = new Map<string, string>();
  for (const { claims } of verifiedTokens(facts)) {
    const before = decisions.get(claims.iss);
    if (before && before !== claims.decision) {
      return refused('self-attested', `${claims.iss} both ${before} and ${claims.decision} this task`);
    }
    decisions.set(claims.iss, claims.decision);
  }
  return undefined;
};

/** A host decides on its own slots only. */
const isAnotherHost = ({ role, iss }: Attestation, { host }: AdmissionFacts): boolean =>
  role === 'host' && iss !== host.name;

function requesters(task: Task): Role[] {
  if (isSlot(task)) return ['host'];
  return isUndo(task) ? ['manager', 'operator'] : ['manager'];
}

function rolesWithASay(task: Task): Role[] {
  return [...requesters(task), 'plan-review', 'security'];
}

function isAbout(claims: Attestation, task: Task, digest: string): boolean {
  if ('digest' in claims) return claims.sub === task.task_id && claims.digest === digest;
  return 'plan_id' in task && claims.sub === task.plan_id && claims.tasks.includes(digest);
}

function timeProblem({ iat, exp }: Attestation, bornAt: number, now: number): string | undefined {
  if (iat * 1000 > now + CLOCK_SKEW_MS) return 'the token is of the future';
  if ((exp - iat) * 1000 > TOKEN_MAX_AGE_MS) return 'the token is valid for more than 7 days';
  if (exp * 1000 <= now) return 'the token has expired; sign again';
  return iat * 1000 + 1000 <= bornAt ? 'the token is older than this ledger; sign again' : undefined;
}

/** Whether a token is a valid signature of this very task, by whomever and of whatever time. */
export function covers(token: TokenFact, { task, digest }: Candidate): token is VerifiedToken {
  return token.verified && isAbout(token.claims, task, digest);
}

/** Whether a token that came late helps this task. One that does not is ignored: nobody sent it along with the task. */
export function helps(token: TokenFact, candidate: Candidate, bornAt: number, now: number): boolean {
  if (!covers(token, candidate)) return false;
  return rolesWithASay(candidate.task).includes(token.claims.role) && !timeProblem(token.claims, bornAt, now);
}
