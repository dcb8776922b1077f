import { constants, crc32, createDeflateRaw } from 'node:zlib';

/** The header of RFC 1952: deflate, no name, no time, an unknown system. */
const HEAD = Buffer.from('1f8b08000000000000ff', 'hex');
/** A last block of deflate that holds nothing. */
const LAST_BLOCK = Buffer.from('0300', 'hex');

/**
 * Packs pieces for a gzip file. Each piece ends at a whole byte, so a file can be ended behind any of them: when a piece can't
 * be written, `tail` ends the file behind the pieces that were confirmed.
 */
export class GzipPacker {
  readonly head = HEAD;
  readonly #deflate = createDeflateRaw();
  readonly #packed: Buffer[] = [];
  /** Checksum and length of what was confirmed, and of all that was packed. */
  #confirmed = { crc: 0, length: 0 };
  #all = { crc: 0, length: 0 };

  constructor() {
    this.#deflate.on('data', (bytes: Buffer) => this.#packed.push(bytes));
  }

  /** Packs the next piece. */
  async pack(bytes: Buffer): Promise<Buffer> {
    this.#all = { crc: crc32(bytes, this.#all.crc), length: this.#all.length + bytes.length };
    await new Promise<void>((resolve, reject) => {
      this.#deflate.once('error', reject);
      this.#deflate.write(bytes);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off('error', reject);
        // What is in the buffer of the stream is told in a later turn.
        setImmediate(resolve);
      });
    });
    return Buffer.concat(this.#packed.splice(0));
  }

  /** Tells that all pieces so far are in the file. */
  confirm(): void {
    this.#confirmed = this.#all;
  }

  /** The end of the file behind what was confirmed. */
  tail(): Buffer {
    const sums = Buffer.alloc(8);
    sums.writeUInt32LE(this.#confirmed.crc, 0);
    sums.writeUInt32LE(this.#confirmed.length % 2 ** 32, 4);
    this.#deflate.close();
    return Buffer.concat([LAST_BLOCK, sums]);
  }
}
