import { defineAction } from '../../../src/planning/action.ts';
import { serviceAction } from '../../../src/planning/service-action.ts';

/** Ends a service and takes its definition away. */
export const remove = defineAction(serviceAction('remove'));
