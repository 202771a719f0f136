import { defineAction } from '../../../src/planning/action.ts';
import { serviceAction } from '../../../src/planning/service-action.ts';

/** Ends a service; what starts with the host starts again with it. */
export const stop = defineAction(serviceAction('stop'));
