import type { Mutation, PromiseNumber } from '../mutation.ts';
import { AUDIT } from './audit.ts';
import { BAD_INPUT } from './bad-input.ts';
import { BOUNDS } from './bounds.ts';
import { CONSENT } from './consent.ts';
import { DEPLOYS } from './deploys.ts';
import { ONCE } from './once.ts';
import { PROCESSES } from './processes.ts';
import { REPORTS } from './reports.ts';
import { SECRETS } from './secrets.ts';
import { UNDO } from './undo.ts';
import { UPGRADES } from './upgrades.ts';

export const MUTATIONS: Record<PromiseNumber, readonly Mutation[]> = {
  1: [...CONSENT, ...BOUNDS],
  2: ONCE,
  3: REPORTS,
  4: UNDO,
  5: SECRETS,
  6: PROCESSES,
  7: AUDIT,
  8: BAD_INPUT,
  9: [...DEPLOYS, ...UPGRADES],
};
