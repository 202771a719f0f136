import { createHash } from 'node:crypto';
import { chmodSync, closeSync, fchmodSync, linkSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import { buffer } from 'node:stream/consumers';
import { OpsError } from '../../errors.ts';
import { type Fingerprint, sha256Of, treeDigest } from './digest.ts';
import { Names, refuseLeadingOut, shown } from './names.ts';
import { Pace } from './pace.ts';
import { readSealed } from './sealed-file.ts';

const MOST_ENTRIES = 100_000;
const MOST_BYTES = 4 * 1024 ** 3;
/** Larger files are not compared with those of another release. */
const COMPARED_BYTES = 4 * 1024 * 1024;

export interface PlantedFile {
  path: string;
  executable: boolean;
  /** In bytes. */
  size: number;
}

interface PlantingParts {
  /** Empty, and nobody else's. */
  folder: string;
  /** A sealed release, whose files are shared where they are the same; null for none. */
  like: string | null;
  signal: AbortSignal;
}

/** Puts files, links and directories into a folder, refuses what does not belong in a tree, and reckons the digest. */
export class Planting {
  readonly #parts: PlantingParts;
  readonly #pace: Pace;
  readonly #names = new Names();
  readonly #prints: Fingerprint[] = [];
  readonly #directories = new Set<string>();
  readonly #parents = new Set<string>();
  #bytes = 0;
  #entries = 0;

  constructor(parts: PlantingParts) {
    this.#parts = parts;
    this.#pace = new Pace(parts.signal);
  }

  async directory(path: string): Promise<void> {
    const isThere = this.#names.has(path);
    await this.#begin(path, 0, true);
    this.#directories.add(path);
    if (!isThere) this.#makeDirectory(path);
  }

  async link(path: string, target: string): Promise<void> {
    await this.#begin(path, 0, false);
    refuseLeadingOut(path, target);
    symlinkSync(target, this.#at(path));
    this.#prints.push({ path, kind: 'link', sha256: sha256Of(target) });
  }

  /** @throws OpsError also where it has another size than it was said to have. */
  async file(file: PlantedFile, content: AsyncIterable<Uint8Array>): Promise<void> {
    if (!this.#isComparable(file)) return this.#write(file, content);
    const whole = await buffer(content);
    if (!(await this.shared(file, (there) => there.equals(whole)))) await this.#write(file, [whole]);
  }

  /** Takes the file of the other release where it is the same. False: nothing has happened. */
  async shared(file: PlantedFile, isSame: (content: Buffer) => boolean): Promise<boolean> {
    const { like } = this.#parts;
    if (like === null || !this.#isComparable(file)) return false;
    const there = readSealed(join(like, file.path), file);
    if (there === null || !isSame(there)) return false;
    await this.#begin(file.path, file.size, false);
    if (this.#linked(join(like, file.path), file.path)) this.#print(file, sha256Of(there));
    else await this.#put(file, [there]);
    return true;
  }

  /** Of all that was put there. */
  digest(): string {
    const empty = [...this.#directories].filter((path) => !this.#parents.has(path));
    return treeDigest([
      ...this.#prints,
      ...empty.map((path) => ({ path, kind: 'directory', sha256: sha256Of('') }) as const),
    ]);
  }

  readonly #at = (path: string): string => join(this.#parts.folder, path);
  readonly #isComparable = ({ size }: PlantedFile): boolean => this.#parts.like !== null && size <= COMPARED_BYTES;

  async #begin(path: string, size: number, isDirectory: boolean): Promise<void> {
    this.#bytes += size;
    this.#entries += 1;
    if (this.#bytes > MOST_BYTES) throw new OpsError('there are more than 4 GiB in it');
    if (this.#entries > MOST_ENTRIES) throw new OpsError(`there are more than ${MOST_ENTRIES} entries in it`);
    await this.#pace.after(1, size);
    for (const parent of this.#names.take(path, isDirectory)) this.#makeDirectory(parent);
    this.#parents.add(dirname(path));
  }

  #makeDirectory(path: string): void {
    mkdirSync(this.#at(path), 0o700);
    // The umask does not count here.
    chmodSync(this.#at(path), 0o755);
  }

  async #write(file: PlantedFile, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    await this.#begin(file.path, file.size, false);
    await this.#put(file, content);
  }

  async #put(file: PlantedFile, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
    const sum = createHash('sha256');
    const to = openSync(this.#at(file.path), 'wx', 0o600);
    try {
      let left = file.size;
      for await (const piece of content) {
        left -= piece.length;
        if (left < 0) break;
        sum.update(piece);
        writeFileSync(to, piece);
        await this.#pace.after(0, piece.length);
      }
      if (left !== 0) throw new OpsError(`${shown(file.path)} has another size than was said`);
      fchmodSync(to, file.executable ? 0o755 : 0o644);
    } finally {
      closeSync(to);
    }
    this.#print(file, sum.digest('hex'));
  }

  #print({ path, executable }: PlantedFile, sha256: string): void {
    this.#prints.push({ path, kind: executable ? 'executable' : 'file', sha256 });
  }

  /** False where the system does not: across filesystems, or too many of them. */
  #linked(from: string, path: string): boolean {
    try {
      linkSync(from, this.#at(path));
      return true;
    } catch {
      return false;
    }
  }
}
