import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/** The memory of this host: a file system of its own, which the layers need. */
const MEMORY = '/dev/shm';
const REPOSITORY = join(import.meta.dirname, '../..');

/** `sh -c` this <folder> <repository> <user> <program> …: as that user, in the root folder below. */
const IN_OWN_ROOT = `set -e
layers=$1 repository=$2 user=$3
shift 3
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$layers/root"
for own in /proc /dev /tmp "$repository"; do mount --rbind "$own" "$layers/root$own"; done
exec chroot "$layers/root" setpriv --reuid="$user" --regid="$user" --init-groups "$@"`;

/** This host's root folder, over which a test lays files of its own, e.g. sudo's rules; nothing of the real one changes. */
export class OwnRoot implements Disposable {
  readonly #layers = mkdtempSync(join(MEMORY, 'ops-root-'));

  constructor() {
    for (const layer of ['upper', 'work', 'root']) mkdirSync(join(this.#layers, layer));
  }

  /** A file of root's, by its path in there. */
  write(path: string, text: string, mode = 0o644): void {
    const real = this.path(path);
    mkdirSync(dirname(real), { recursive: true });
    writeFileSync(real, text, { mode });
  }

  /** Where that lies outside, if it was written in there. */
  path(path: string): string {
    return join(this.#layers, 'upper', path);
  }

  run(user: string, ...argv: string[]) {
    const args = [this.#layers, REPOSITORY, user, ...argv];
    return execa('unshare', ['--mount', 'sh', '-c', IN_OWN_ROOT, 'sh', ...args], {
      reject: false,
      cwd: '/',
      stdin: 'ignore',
      env: { HOME: '/', NODE_COMPILE_CACHE: '' },
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.#layers, { recursive: true, force: true });
  }
}
