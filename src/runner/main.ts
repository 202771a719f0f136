import { serve } from './serve.ts';

/** Entry of the runner. */
const [runDir = '.', bootId = ''] = process.argv.slice(2);
serve(runDir, bootId);
