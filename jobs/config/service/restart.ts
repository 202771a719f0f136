import { defineAction } from '../../../src/planning/action.ts';
import { serviceAction } from '../../../src/planning/service-action.ts';

/** Has a service run anew: done twice it restarts twice. Where it does not run it is started. */
export const restart = defineAction(serviceAction('restart'));
