import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { App, AppsFile } from '../../src/planning/app.ts';
import { cutOverSteps, migrationSteps } from '../../src/planning/deploy.ts';
import type { AppFact, HandOverFact, ServiceFact } from '../../src/planning/facts.ts';
import { PlanProblem } from '../../src/planning/problem.ts';
import { canBeUndone, type Step } from '../../src/planning/step.ts';
import { appFact, FILES, handedOver, releaseOf } from '../jobs/apps.ts';

const RELEASE = {
  id: '20261123T120000Z-0a0a0a0a',
  app: 'web',
  environment: 'production',
  version: `commit:${'0a'.repeat(20)}`,
} as const;
const PLACE = handedOver();
const FRONT = '/etc/front/web.conf';
const [RUNS, STOPPED] = (['running', 'stopped'] as const).map(
  (state): ServiceFact => ({ state, enabled: true, definition: 'd', run: '', says: state }),
) as [ServiceFact, ServiceFact];

const leadingTo = (address: string | null): HandOverFact['file'] => {
  const sha256 = hash('sha256', address === null ? 'other' : `server ${address};\n# ${address}\n`);
  return { exists: true, sha256, mode: '0644', uid: 0, gid: 0 };
};
const A_RUNS: HandOverFact = {
  instances: {
    a: { stands: RUNS, leadsTo: `releases/${releaseOf(3).id}` },
    b: { stands: STOPPED, leadsTo: `releases/${releaseOf(4).id}` },
  },
  file: leadingTo('127.0.0.1:8101'),
};
const NOTHING_RUNS: HandOverFact = {
  instances: { a: { stands: STOPPED, leadsTo: null }, b: { stands: STOPPED, leadsTo: null } },
  file: { exists: false },
};

function planOf(handOver: Partial<HandOverFact> = {}, more: Partial<AppFact> = {}): Step[] {
  const fact = appFact({ place: PLACE, service: null, handOver: { ...A_RUNS, ...handOver }, ...more });
  return cutOverSteps(RELEASE, fact, migrationSteps(fact, RELEASE));
}

/** A plan in words: what each step is, of what, and on which way it does its work where that is one only. */
const inWords = (steps: readonly Step[]): string[] =>
  steps.map((step) => {
    const verb = 'verb' in step ? ` ${step.verb}` : '';
    const target = step.target.replace('/srv/example/production/', '').replace('service:', '');
    return `${step.kind}${verb} ${target}${step.only ? `, ${step.only}` : ''}`;
  });

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof PlanProblem ? error.code : String(error);
  }
}

const watches = (place: AppFact['place']) =>
  planOf({}, { place }).flatMap((step) => (step.kind === 'watch' ? [step] : []));
const appAt = (root: string) => ({ ...FILES, environments: { production: { ...PLACE, root } } });

describe('a hand-over', () => {
  it('ends the old instance once nothing of it is needed any more; back, it answers before requests are led to it', () => {
    expect(inWords(planOf())).toEqual([
      'probe web, back',
      'service stop pm2/web-b, back',
      'link current-b',
      'service restart pm2/web-b, forward',
      'probe web-b',
      'probe web, back',
      'watch web, back',
      'command front, back',
      `file ${FRONT}`,
      'command front, forward',
      'link current',
      'probe web',
      'watch web',
      'probe web-a, back',
      'service stop pm2/web-a',
      'probe web',
      `record release:web/production/${RELEASE.id}`,
    ]);
  });

  it('goes to the other instance, whichever the front leads to', () => {
    const { a, b } = A_RUNS.instances;
    const steps = planOf({ instances: { a: b, b: a }, file: leadingTo('unix:/run/web-b.sock') });
    expect(steps.filter(({ kind }) => kind === 'link' || kind === 'file')).toMatchObject([
      { path: '/srv/example/production/current-a', before: { target: `releases/${releaseOf(4).id}` } },
      { path: FRONT, content: { type: 'text', text: 'server 127.0.0.1:8101;\n# 127.0.0.1:8101\n' } },
      { path: '/srv/example/production/current', before: { target: `releases/${releaseOf(3).id}` } },
    ]);
  });

  it('the first time begins with a, and has nothing to go back to', () => {
    expect(inWords(planOf(NOTHING_RUNS, { current: null }))).toEqual([
      'service stop pm2/web-a, back',
      'link current-a',
      'service restart pm2/web-a, forward',
      'probe web-a',
      `file ${FRONT}`,
      'command front, forward',
      'link current',
      'probe web',
      'watch web',
      'service stop pm2/web-b',
      'probe web',
      `record release:web/production/${RELEASE.id}`,
    ]);
    const withFile = planOf({ ...NOTHING_RUNS, file: leadingTo(null) }, { current: null });
    expect(inWords(withFile)).toContain('command front, back');
  });

  it('is refused where nobody knows to which instance the front leads', () => {
    expect(codeOf(() => planOf({ file: leadingTo(null) }))).toBe('front-changed');
    expect(codeOf(() => planOf({ file: { exists: false } }))).toBe('front-changed');
  });

  it.each([
    ['absent', 'service-absent'],
    ['unknown', 'service-unknown'],
  ] as const)('is refused where one of its services is %s', (state, code) => {
    const stands: ServiceFact = { state, says: '' };
    const { a, b } = A_RUNS.instances;
    expect(codeOf(() => planOf({ instances: { a, b: { ...b, stands } } }))).toBe(code);
    expect(codeOf(() => planOf({ instances: { b, a: { ...a, stands } } }))).toBe(code);
  });

  it('has its reload see the front, and write only where it is said', () => {
    const reloads = planOf().flatMap((step) => (step.kind === 'command' ? [step] : []));
    const command = { argv: ['front', 'reload'], writes: ['/var/log/front'], network: false, outlives: true };
    expect(reloads).toMatchObject([{ command }, { command }]);
    expect(planOf().every(canBeUndone)).toBe(true);
  });

  it('watches the new instance for as long as the old one drains at least, and waits as long on the way back', () => {
    const [a, b] = [PLACE.hand_over?.instances.a.service, PLACE.hand_over?.instances.b.service];
    expect(watches({ ...PLACE, watch: { for_ms: 0 } })).toMatchObject([
      { service: a, forMs: 30_000, failures: 1, latencyMs: null, only: 'back' },
      { service: b, forMs: 30_000, failures: 0 },
    ]);
    expect(watches({ ...PLACE, watch: { for_ms: 40_000, latency_ms: 9 } })).toMatchObject([
      { forMs: 30_000, latencyMs: null },
      { forMs: 40_000, latencyMs: 9 },
    ]);
  });

  it('comes after all migrations, so that these are taken back when the old instance answers', () => {
    expect(inWords(planOf({}, { app: FILES })).slice(0, 3)).toEqual([
      'command node',
      'command node',
      'probe web, back',
    ]);
  });
});

describe('a place with a hand-over', () => {
  const declared = (hand_over: object, more: object = {}) => {
    const place = { ...PLACE, ...more, hand_over: { ...PLACE.hand_over, ...hand_over } };
    return App.safeParse({ ...FILES, environments: { production: place } }).error?.issues.map(({ message }) => message);
  };
  const { a, b } = PLACE.hand_over?.instances ?? {};

  it.each([
    [{}, {}, undefined],
    [{}, { service: a?.service }, ['expected either service or hand_over']],
    [{ instances: { a, b: { ...b, service: a?.service } } }, {}, ['expected two services']],
    [{ instances: { a, b: { ...b, address: a?.address } } }, {}, ['expected two addresses']],
    [{ front: { ...PLACE.hand_over?.front, text: 'server;' } }, {}, ['expected a text with {{address}} in it']],
  ])('%o %o: %o', (handOver, more, messages) => {
    expect(declared(handOver, more)).toEqual(messages);
  });

  it('shares neither service nor address nor front with another one', () => {
    const told = AppsFile.safeParse({ apps: { web: appAt('/srv/a'), shop: appAt('/srv/b') } }).error?.issues;
    expect(told?.map(({ message }) => message.replace('web/production and shop/production have one ', ''))).toEqual([
      'service, pm2/web-a',
      'service, pm2/web-b',
      'address, 127.0.0.1:8101',
      'address, unix:/run/web-b.sock',
      `file of a front, ${FRONT}`,
    ]);
  });
});
