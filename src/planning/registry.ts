import { z } from 'zod';
import type { ActionRequest } from '../contract/task.ts';
import type { BoundAction, Registry } from './action.ts';

/** Looks the action up and parses its input; a string says what is wrong. */
export function bindAction(registry: Registry, request: ActionRequest): BoundAction | string {
  const action = Object.hasOwn(registry, request.action) ? registry[request.action] : undefined;
  if (!action) return `is no action of this version; it has ${Object.keys(registry).join(', ')}`;
  const input = action.input.safeParse(request.with);
  if (!input.success) return z.prettifyError(input.error);
  const irreversible = request.irreversible ?? false;
  if (!irreversible && !action.reversible(input.data)) {
    return 'cannot be undone as it stands: declare its undo, or have irreversible: true signed';
  }
  if (irreversible && action.reversible(input.data))
    return 'says irreversible: true but can be undone: drop one of the two';
  return { name: request.action, action, input: input.data };
}
