import { defineAction } from '../../../src/planning/action.ts';
import { serviceAction } from '../../../src/planning/service-action.ts';

/** Starts a service. */
export const start = defineAction(serviceAction('start'));
