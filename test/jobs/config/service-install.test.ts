import { describe, expect, it } from 'vitest';
import { registry } from '../../../jobs/index.ts';
import { bindAction } from '../../../src/planning/registry.ts';

const PM2 = { supervisor: 'pm2', name: 'web', app: { script: '/srv/web/current/main.js' } };
const UNIT = '[Service]\nExecStart=/srv/web/current/web\n[Install]\nWantedBy=multi-user.target\n';
const SYSTEMD = { supervisor: 'systemd', unit: 'web.service', text: UNIT };

function planOf(input: object) {
  const bound = bindAction(registry, { action: 'config.service.install', with: { ...input } });
  if (typeof bound === 'string') return bound;
  const steps = bound.action.plan(bound.input, { service: { state: 'absent' } });
  return steps.map((step) => (step.kind === 'service' ? step.after : step.kind));
}

describe('the installed service', () => {
  it('runs, and starts with the host where its definition says so', () => {
    expect(planOf({ service: PM2 })).toMatchObject([{ state: 'running', enabled: false }]);
    expect(planOf({ service: SYSTEMD })).toMatchObject([{ state: 'running', enabled: true }]);
  });

  it('stands stopped where its program is still to come, and starts with the host all the same', () => {
    expect(planOf({ service: PM2, stopped: true })).toMatchObject([{ state: 'stopped', enabled: false }]);
    expect(planOf({ service: SYSTEMD, stopped: true })).toMatchObject([{ state: 'stopped', enabled: true }]);
  });

  it('cannot be checked where it is not started', () => {
    const check = { type: 'http', service: 'web', url: 'http://127.0.0.1/' };
    expect(planOf({ service: PM2, stopped: true, check })).toMatch(/expected none of a service that is not started/);
    expect(planOf({ service: PM2, check })).toEqual([expect.objectContaining({ state: 'running' }), 'probe']);
  });
});
