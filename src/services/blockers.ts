import { readable } from '../admission/reasons.ts';
import type { Blocker, Owner } from '../contract/ops-output.ts';
import type { Halt } from './halt.ts';

/** Who can resolve what goes wrong after the claim; Manager where nothing else is said. */
const OWNERS: Record<string, Owner> = {
  vetoed: 'security',
  'bad-apps': 'operator',
  'changed-since': 'operator',
  'current-unknown': 'operator',
  'fetch-failed': 'operator',
  'front-changed': 'operator',
  frozen: 'operator',
  'health-unknown': 'operator',
  'host-unfit': 'operator',
  interrupted: 'operator',
  irreversible: 'operator',
  lost: 'operator',
  'not-installed': 'operator',
  'not-started': 'operator',
  'service-absent': 'operator',
  'shared-missing': 'operator',
  'source-changed': 'operator',
  'service-unknown': 'operator',
  'undo-failed': 'operator',
  'unknown-app': 'operator',
  'upgrade-lost': 'operator',
  'upgrade-refused': 'operator',
};

export function blocker({ code, message }: Pick<Halt, 'code' | 'message'>): Blocker {
  return { code, message: readable(message), owner: OWNERS[code] ?? 'manager' };
}
