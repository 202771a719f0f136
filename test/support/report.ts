import type { RoleKey } from '../../src/contract/keyring.ts';
import { utcTime } from '../../src/contract/names.ts';
import { type Report, signBody } from '../../src/contract/report.ts';
import { HOST, NOW } from './tasks.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** A report with something in every place. */
export const REPORT_BODY: Omit<Report, 'signature'> = {
  ops_output: {
    task_id: 'motd-1',
    status: 'blocked',
    operation_type: 'config',
    actions_taken: [
      {
        action: 'write /etc/motd',
        target: `${HOST}/etc/motd`,
        result: 'failed',
        rollback_command: 'none: already taken back',
      },
    ],
    health_checks: [{ service: 'web', status: 'down', endpoint: 'http://127.0.0.1/' }],
    monitoring_setup: [{ metric: 'web', threshold: 'down for 2 minutes', notification: 'ops-alerts' }],
    environment_changes: [{ variable: 'TZ', action: 'added', service: 'web' }],
    blockers: [{ code: 'unhealthy', message: 'web is down', owner: 'manager' }],
    notes: 'What it had changed is taken back.',
  },
  evidence: {
    report_id: '01JDCB5S8Y4J9QW0K6V1H2X3Z4',
    seq: 7,
    final: true,
    host: HOST,
    version: '0.1.0',
    dev: true,
    task_id: 'motd-1',
    digest,
    outcome: 'failed',
    reason: 'unhealthy',
    claimed_at: utcTime(NOW),
    ended_at: utcTime(NOW),
    attested_by: [{ role: 'manager', principal: 'savorgManager', kid: 'k' }],
    steps: [{ n: 1, action: 1, kind: 'file', target: '/etc/motd', outcome: 'undone', duration_ms: 12, undo: 'done' }],
    undone_by: 'undo-motd-1',
    left_running: ['77 sleep'],
    digests: { policy: digest, keyring: digest },
    audit: { seq: 12, head: digest },
  },
};

export async function signedReport(key: RoleKey, body = REPORT_BODY): Promise<Report> {
  return { ...body, signature: await signBody(key, body.evidence.report_id, body) };
}
