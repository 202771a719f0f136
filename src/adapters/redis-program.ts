import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { OpsError } from '../errors.ts';

const USUAL_PLACES = ['/opt/homebrew/bin', '/usr/local/bin', '/usr/bin'];

/** The redis-server of PATH, or of where packages put it: launchd's PATH has no Homebrew. */
export async function findRedisServer(searchPath = '', usualPlaces = USUAL_PLACES): Promise<string> {
  for (const folder of [...searchPath.split(delimiter).filter(Boolean), ...usualPlaces]) {
    const program = join(folder, 'redis-server');
    if (await isExecutable(program)) return program;
  }
  throw new OpsError(
    'redis-server is not installed: type `brew install redis` (macOS) or `sudo apt-get install redis-server` (Debian), or set REDIS_URL',
  );
}

const isExecutable = (program: string): Promise<boolean> =>
  access(program, constants.X_OK).then(
    () => true,
    () => false,
  );
