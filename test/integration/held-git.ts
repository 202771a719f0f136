import { chmodSync, closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { execaSync } from 'execa';
import { until } from './until.ts';

/** A git that stands still in the middle of its work; those after it pass. */
export interface HeldGit {
  reached(): Promise<void>;
  letGo(): void;
}

/** The next git that is asked for commits of this repository: it has been connected to, and gives nothing. */
export function heldFetch(repository: string): HeldGit {
  const alternates = join(repository, '.git/objects/info/alternates');
  let writer: number | undefined;
  execaSync('mkfifo', [alternates]);
  return {
    reached: async () => {
      // Nobody can open it to write before somebody reads.
      await until('a git in the middle of its fetch', () => {
        writer = openedToWrite(alternates);
        return writer !== undefined;
      });
      rmSync(alternates);
    },
    letGo: () => {
      if (writer !== undefined) closeSync(writer);
    },
  };
}

function openedToWrite(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** Of what a commit of the example has, it gives the first file, and half of the next. */
const HALF_BYTES = 400;

/** The real git, on a PATH of its own: it can be told to stand still in the middle of the files that it gives. */
export class SlowGit implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ops-git-'));

  constructor() {
    const program = join(this.#folder, 'git');
    const git = execaSync('which', ['git']).stdout;
    const [wanted, held] = [this.#at('wanted'), this.#at('held')];
    writeFileSync(
      program,
      `#!/bin/sh
case " $* " in *" cat-file --batch "*)
  if mv ${wanted} ${held} 2>/dev/null; then
    ${git} "$@" | { head -c ${HALF_BYTES}; while test -e ${held}; do sleep 0.02; done; cat; }
    exit
  fi
esac
exec ${git} "$@"
`,
    );
    chmodSync(program, 0o755);
  }

  get path(): string {
    return `${this.#folder}${delimiter}${process.env['PATH']}`;
  }

  /** The next git that gives the files of a commit. */
  held(): HeldGit {
    writeFileSync(this.#at('wanted'), '');
    return {
      reached: () => until('a git in the middle of its files', () => existsSync(this.#at('held'))),
      letGo: () => rmSync(this.#at('held')),
    };
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
