import { OpsError } from '../../errors.ts';

/** Takes lines and lengths from a stream of bytes. */
export class Bytes {
  readonly #source: AsyncIterator<Buffer>;
  #left: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Without its end. */
  async line(): Promise<string> {
    let end = this.#left.indexOf('\n');
    while (end < 0) {
      this.#left = Buffer.concat([this.#left, await this.#next()]);
      end = this.#left.indexOf('\n');
    }
    return this.#cut(end + 1).toString('utf8', 0, end);
  }

  /** In pieces; all of them must be read before anything else is taken. */
  async *take(length: number): AsyncGenerator<Buffer> {
    let missing = length;
    while (missing > 0) {
      if (this.#left.length === 0) this.#left = await this.#next();
      const piece = this.#cut(Math.min(missing, this.#left.length));
      missing -= piece.length;
      yield piece;
    }
  }

  /** @throws what the source has to say at its end. */
  async end(): Promise<void> {
    const { done } = await this.#source.next();
    if (!done || this.#left.length > 0) throw new OpsError('there is more than was asked for');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }

  #cut(length: number): Buffer {
    const piece = this.#left.subarray(0, length);
    this.#left = this.#left.subarray(length);
    return piece;
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#source.next();
    if (done) throw new OpsError('it ended in the middle');
    return value;
  }
}
