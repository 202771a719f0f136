import type { Mutation } from '../mutation.ts';

const STEP = 'src/steps/upgrade.ts';

export const UPGRADES: readonly Mutation[] = [
  {
    name: 'root is asked again for what it has begun',
    file: STEP,
    from: 'if (await upgrades.look(taskId)) return null;',
    to: 'await upgrades.look(taskId);',
    tests: ['test/steps/upgrade.test.ts'],
  },
  {
    name: 'an upgrade without a word is as before',
    file: STEP,
    from: "      outcome: 'unknown',\n",
    to: "      outcome: 'refused',\n",
    tests: ['test/steps/upgrade.test.ts'],
  },
  {
    name: 'an upgrade is put where more comes after it',
    file: 'src/services/work.ts',
    from: 'others.length > 0 || bound.at(-1) !== first',
    to: 'others.length > 0 || bound.at(0) === undefined',
    tests: ['test/jobs/infra/upgrade.test.ts'],
  },
  {
    name: 'the PATH of who asks is that of root',
    file: 'src/install/sudoers.ts',
    from: '`Defaults!${node} secure_path="${SYSTEM_PATH}"`,',
    to: '`# ${node} ${SYSTEM_PATH}`,',
    tests: ['test/install/sudoers.test.ts'],
  },
];
