import type { Mutation } from '../mutation.ts';

export const PROCESSES: readonly Mutation[] = [
  {
    name: 'only the leader of a group is ended',
    file: 'src/runner/ending.ts',
    from: 'send(-group, signal);',
    to: 'send(group, signal);',
    tests: ['test/runner/ending.test.ts'],
  },
  {
    name: 'what is deaf to TERM is not killed',
    file: 'src/runner/ending.ts',
    from: "signalAll(target.group, alive, 'SIGKILL', send)",
    to: "signalAll(target.group, alive, 'SIGTERM', send)",
    tests: ['test/runner/ending.test.ts'],
  },
  {
    name: 'a stranger with the same pid is ended',
    file: 'src/runner/ending.ts',
    from: 'if (leader !== undefined && !sameStart(leader.start, target.start)) return [];',
    to: '',
    tests: ['test/runner/ending.test.ts'],
  },
  {
    name: 'what left the group is not named',
    file: 'src/runner/run.ts',
    from: 'const left = [...ending.alive, ...(await this.#living(outsiders))];',
    to: 'const left = [...ending.alive];',
    tests: ['test/adapters/runner.test.ts'],
  },
  {
    name: 'what outlived its daemon is left alone',
    file: 'src/adapters/survivors.ts',
    from: 'await endProcesses(target, options.graceMs, readProcesses, options.signal)',
    to: '{ alive: members.slice(members.length) }',
    tests: ['test/adapters/survivors.test.ts'],
  },
  {
    name: 'what a runner was starting when it died is not named',
    file: 'src/adapters/survivors.ts',
    from: 'starting && !isRecorded ? [unknownSurvivor(starting)] : []',
    to: '[]',
    tests: ['test/adapters/survivors.test.ts'],
  },
  {
    name: 'the report does not say what was left running',
    file: 'src/services/step-runner.ts',
    from: 'run.leftRunning.push(...effect.leftRunning);',
    to: '',
    tests: ['test/services/step-runner.test.ts'],
  },
  {
    name: 'root does for the daemon what the policy names for other hosts',
    file: 'src/install/root-work.ts',
    from: 'policy.allow.filter(({ hosts }) => hosts.includes(host))',
    to: 'policy.allow.filter(() => host !== "")',
    tests: ['test/install/sudoers.test.ts'],
  },
  {
    name: 'root replaces the definition of a service that tasks may only start and stop',
    file: 'src/install/sudoers.ts',
    from: 'return [...own, ...(isDefined ? redefining : [])];',
    to: 'return [...own, ...redefining];',
    tests: ['test/install/sudoers.test.ts'],
  },
];
