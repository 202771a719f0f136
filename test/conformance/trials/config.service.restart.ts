/** Where nothing runs, a restart is a start. Another run of what runs already cannot be observed. */
export { trials } from './config.service.start.ts';
