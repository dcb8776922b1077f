import { open, type FileHandle } from 'node:fs/promises';
import { appendWhole } from '../../core/files/append.ts';
import { Framer, isoTime } from '../../core/wire/event.ts';
import { wrapped } from '../mcap/format/bare-data.ts';
import { GzipPacker } from './gzip-packer.ts';
import { isOwn, type RecordSink } from './mcap-sink.ts';
import type { WireMessage } from './wire-message.ts';

const FULL_BYTES = 1 << 20;
const LINE_FEED = Buffer.from('\n');

/**
 * Writes messages as lines of text, byte for byte; gzipped when the name ends in .gz. A message that is not a JSON object on
 * one line is written as an event that holds its bytes in base64 and plays as the message that it was. When a write fails, the
 * file ends with the last line that was written whole.
 */
export class LinesFile implements RecordSink {
  bytes = 0;
  written = 0;
  readonly #handle: FileHandle;
  readonly #packer: GzipPacker | null;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #waitingMessages = 0;
  #wrappedCount = 0;
  /** Size of the file. */
  #size = 0;
  #wasCut = false;

  private constructor(handle: FileHandle, packer: GzipPacker | null) {
    this.#handle = handle;
    this.#packer = packer;
  }

  /** Begins a file; replaces a file that exists. */
  static async create(path: string): Promise<LinesFile> {
    const packer = path.toLowerCase().endsWith('.gz') ? new GzipPacker() : null;
    const file = new LinesFile(await open(path, 'w'), packer);
    try {
      if (packer) await file.#append(packer.head);
    } catch (error) {
      await file.#handle.close();
      throw error;
    }
    return file;
  }

  get full(): boolean {
    return this.#waitingBytes >= FULL_BYTES;
  }

  add(message: WireMessage): void {
    const { bytes, encoding } = message;
    const isLine = encoding === null || encoding === 'object';
    const line = isLine ? bytes : this.#wrapped(message, encoding);
    this.#waiting.push(line, LINE_FEED);
    this.#waitingBytes += line.length + 1;
    this.bytes += line.length + 1;
    if (!isOwn(message)) this.#waitingMessages++;
  }

  #wrapped({ channel, bytes, timeMs, heardMs }: WireMessage, encoding: string): Buffer {
    const framer = new Framer({ channel, source: '/recorder' });
    const record = { timeMs, subject: channel, data: wrapped(bytes, encoding), bare: bytes };
    return Buffer.from(framer.frame(record, 1, ++this.#wrappedCount, isoTime(heardMs)));
  }

  async flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const lines = Buffer.concat(this.#waiting);
    const messages = this.#waitingMessages;
    this.#drop();
    try {
      await this.#append(this.#packer ? await this.#packer.pack(lines) : lines);
    } catch (error) {
      this.bytes -= lines.length;
      throw error;
    }
    this.#packer?.confirm();
    this.written += messages;
  }

  async end(): Promise<void> {
    await this.flush();
    if (this.#packer) await this.#append(this.#packer.tail());
    await this.#handle.close();
  }

  async endAfterFailure(): Promise<void> {
    this.bytes -= this.#waitingBytes;
    this.#drop();
    // Without its last bytes a packed file can only be recovered.
    if (this.#packer) await this.#append(this.#packer.tail()).catch(() => {});
    await this.#handle.close().catch(() => {});
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = this.#waitingMessages = 0;
  }

  async #append(bytes: Buffer): Promise<void> {
    try {
      await appendWhole(this.#handle, [bytes], this.#size, this.#wasCut);
    } catch (error) {
      this.#wasCut = true;
      throw error;
    }
    this.#size += bytes.length;
  }
}
