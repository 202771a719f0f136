/**
 * The wire contract of savorg-ops, for whoever signs tasks or reads reports.
 *
 * - task: what Manager asks for
 * - attestation: a role's signed statement about a task's digest: requested, approved, cleared
 * - control: a signed veto, cancel, pause, resume or acknowledgement
 * - report: what became of a task, signed by the host; `ops_output` is its readable part
 * - alert: something that somebody must hear of
 */
export { Alert, AlertMessage, verifyAlert } from './alert.ts';
export { Attestation, attest, type Statement } from './attestation.ts';
export { outOfBounds, TASK_BOUNDS } from './bounds.ts';
export { Control, ControlEntry, signControl } from './control.ts';
export { taskDigest } from './digest.ts';
export { KeyRing, RoleKey } from './keyring.ts';
export { utcTime } from './names.ts';
export { OpsOutput } from './ops-output.ts';
export { DEFAULT_PREFIX, type QueueNames, queueNames } from './queues.ts';
export { Evidence, Report, verifyReport } from './report.ts';
export { Submission, Task } from './task.ts';
