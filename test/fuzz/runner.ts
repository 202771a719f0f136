/** A runner as `src/runner/main.ts` starts it, that dies where it is told to. */
import { join } from 'node:path';
import { serve } from '../../src/runner/serve.ts';
import { mortal } from './death.ts';

const [runDir = '', bootId = ''] = process.argv.slice(2);
serve(runDir, bootId, mortal(join(runDir, '../..'), 'runner'));
