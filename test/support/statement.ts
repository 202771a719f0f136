import { randomUUID } from 'node:crypto';
import type { Control } from '../../src/contract/control.ts';
import { NOW, seconds } from './tasks.ts';

/** A control statement as the ledger is given it: Security's veto, the operator's anything else, for an hour. */
export function statement(verb: Control['verb'], target: string, more: Partial<Control> = {}): Control {
  const role = verb === 'veto' ? 'security' : 'operator';
  const iat = more.iat ?? seconds(NOW);
  const end = verb === 'veto' ? {} : { exp: iat + 3600 };
  return { iss: `savorg-${role}`, role, verb, target, reason: 'Not now', iat, ...end, jti: randomUUID(), ...more };
}
