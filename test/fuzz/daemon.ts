/** A daemon as `src/main.ts` starts it, that dies where it is told to: `node test/fuzz/daemon.ts <home>`. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { homeOf } from '../../src/config.ts';
import { live } from '../../src/life.ts';
import { Orders } from '../../src/orders.ts';
import { Redactor } from '../../src/secret.ts';
import { mortal } from './death.ts';
import { answerSize } from './size.ts';

setFlagsFromString('--semi-space-growth-factor=1');
const [root = ''] = process.argv.slice(2);
const orders = new Orders(process);
process.umask(0o077);
answerSize(root);
const runnerEntry = join(import.meta.dirname, 'runner.ts');
await live(homeOf(root), orders, new Redactor(), { reached: mortal(root, 'daemon'), runnerEntry });
process.exit(orders.exitCode ?? 1);
