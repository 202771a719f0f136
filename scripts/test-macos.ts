/**
 * `npm run test:macos`, as root: what the installation promises, proven on this Mac, line by line; it leaves nothing
 * behind. `--before-reboot`, a reboot by you, then `--after-reboot` prove what a boot does.
 */
import { parseArgs } from 'node:util';
import { coerceError, OpsError } from '../src/errors.ts';
import { Proof } from './test-macos/proof.ts';
import { Record } from './test-macos/record.ts';
import { Subject } from './test-macos/subject.ts';

const { values } = parseArgs({
  options: {
    'before-reboot': { type: 'boolean', default: false },
    'after-reboot': { type: 'boolean', default: false },
    // Other places, for the test of this script.
    home: { type: 'string', default: '/opt/savorg-ops' },
    'launch-daemons': { type: 'string', default: '/Library/LaunchDaemons' },
    bin: { type: 'string', default: '/usr/local/bin' },
  },
});

const record = new Record();
const subject = new Subject({ root: values.home, launchDaemons: values['launch-daemons'], bin: values.bin });

try {
  if (values['after-reboot']) await afterReboot();
  else await install();
  console.log(`${record.proven} proven, ${record.failed} not proven`);
  process.exitCode = record.failed > 0 ? 1 : 0;
} catch (thrown) {
  const error = coerceError(thrown);
  console.error(error instanceof OpsError ? error.message : error.stack);
  process.exitCode = 2;
}

async function install(): Promise<void> {
  await subject.refuseInstalled();
  let keep = false;
  try {
    await using proof = new Proof(subject, record);
    if (!(await proof.installed())) return;
    keep = values['before-reboot'];
    if (keep) {
      subject.mark();
      return await proof.opensTask();
    }
    await proof.life();
    await proof.uninstalled();
  } finally {
    if (keep) console.log('now reboot, then: sudo node_modules/.bin/node scripts/test-macos.ts --after-reboot');
    else await subject.remove();
  }
}

async function afterReboot(): Promise<void> {
  subject.refuseOthers();
  try {
    await using proof = new Proof(subject, record);
    await proof.survivedBoot();
    await proof.uninstalled();
  } finally {
    await subject.remove();
  }
}
