import { z } from 'zod';
import type { ActionRequest } from '../contract/task.ts';
import type { BoundAction, Registry } from './action.ts';

/** Looks the actions up and parses their inputs; a string says what is wrong. */
export function bindActions(registry: Registry, requests: readonly ActionRequest[]): BoundAction[] | string {
  const bound: BoundAction[] = [];
  for (const [index, request] of requests.entries()) {
    const action = bindAction(registry, request);
    if (typeof action === 'string') return `actions[${index}] ${request.action}: ${action}`;
    bound.push(action);
  }
  return bound;
}

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
  const later = bindActions(registry, action.later?.(input.data) ?? []);
  if (typeof later === 'string') return later;
  return { name: request.action, action, input: input.data, later };
}
