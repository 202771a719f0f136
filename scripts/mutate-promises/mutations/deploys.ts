import type { Mutation } from '../mutation.ts';

const TERMS = 'src/planning/deploy-terms.ts';
const STEPS = 'src/planning/deploy.ts';
const HAND_OVER = 'src/planning/hand-over.ts';
const PRUNING = 'src/planning/pruning.ts';

export const DEPLOYS: readonly Mutation[] = [
  {
    name: 'production asks for no receipt',
    file: TERMS,
    from: "if (environment === 'staging' || !fact.app.environments.staging) return null;",
    to: 'if (environment !== fact.app.source.type) return null;',
    tests: ['test/planning/deploy-terms.test.ts'],
  },
  {
    name: 'a receipt of another version counts',
    file: 'src/services/app-facts.ts',
    from: "each.state === 'stable' && each.version === version",
    to: "each.state === 'stable' && each.version !== ''",
    tests: ['test/services/app-facts.test.ts'],
  },
  {
    name: 'a release that was never stable is a receipt',
    file: 'src/services/app-facts.ts',
    from: "each.state === 'stable' && each.version === version",
    to: 'each.version === version',
    tests: ['test/services/app-facts.test.ts'],
  },
  {
    name: 'a stale receipt counts',
    file: TERMS,
    from: 'now - receipt.stableAt <= hours * HOUR_MS',
    to: 'receipt.stableAt <= now + hours * HOUR_MS',
    tests: ['test/planning/deploy-terms.test.ts'],
  },
  {
    name: 'a freeze is ignored',
    file: TERMS,
    from: 'each.environments.includes(environment) &&',
    to: 'each.environments.length === 0 &&',
    tests: ['test/planning/deploy-terms.test.ts'],
  },
  {
    name: 'the digest that was proved is not asked for',
    file: STEPS,
    from: 'title: `fetch ${release.version}${proof}`, source, digest, like };',
    to: 'title: `fetch ${release.version}${proof}${digest ?? ""}`.slice(0, 47), source, digest: null, like };',
    tests: ['test/planning/deploy.test.ts'],
  },
  {
    name: 'the service is not brought back',
    file: STEPS,
    from: '    ...backSteps(fact),\n',
    to: '    ...backSteps(fact).slice(99),\n',
    tests: ['test/planning/deploy.test.ts'],
  },
  {
    name: 'what is for the way back is done at once',
    file: 'src/services/step-kind.ts',
    from: "step.only === 'back' ?",
    to: "step.only === 'forward' && step.target === '' ?",
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'a release is stable before it was watched',
    file: STEPS,
    from: "[...steps, recordStep(release, releasePath(place, release.id), 'stable')]",
    to: "[recordStep(release, releasePath(place, release.id), 'stable'), ...steps]",
    tests: ['test/planning/deploy.test.ts'],
  },
  {
    name: 'a rollback leads to a vetoed version',
    file: TERMS,
    from: "state === 'stable' && !fact.vetoed.includes(version)",
    to: "state === 'stable' && version !== ''",
    tests: ['test/planning/deploy-terms.test.ts'],
  },
  {
    name: 'a rollback leads to the release that it came from',
    file: TERMS,
    from: 'releases.slice(current + 1)',
    to: 'releases.filter((_, index) => index !== current)',
    tests: ['test/planning/deploy-terms.test.ts'],
  },
  {
    name: 'prune takes what runs',
    file: PRUNING,
    from: 'new Set([current, ...back,',
    to: 'new Set([...back,',
    tests: ['test/planning/pruning.test.ts'],
  },
  {
    name: 'prune takes what an undo would lead back to',
    file: PRUNING,
    from: 'new Set([current, ...back,',
    to: 'new Set([current, ...back.slice(99),',
    tests: ['test/planning/pruning.test.ts'],
  },
  {
    name: 'the old instance ends while requests are still led to it',
    file: HAND_OVER,
    from: '    ...leadSteps(change),\n',
    to: '    ...endSteps(last),\n    ...leadSteps(change),\n',
    tests: ['test/planning/hand-over.test.ts'],
  },
  {
    name: 'the new instance ends before the old one answers again',
    file: HAND_OVER,
    from: '...(runs(last) ? drain.map(back) : []),',
    to: '...(runs(last) ? drain.slice(99) : []),',
    tests: ['test/planning/hand-over.test.ts'],
  },
  {
    name: 'a front that leads elsewhere is overwritten',
    file: HAND_OVER,
    from: 'if (!led && current !== null)',
    to: "if (!led && current === '')",
    tests: ['test/planning/hand-over.test.ts'],
  },
  {
    name: 'two places have instances at one address',
    file: 'src/planning/place.ts',
    from: '...instancesOf(place).map(({ address })',
    to: '...instancesOf(place).slice(2).map(({ address })',
    tests: ['test/planning/hand-over.test.ts'],
  },
];
