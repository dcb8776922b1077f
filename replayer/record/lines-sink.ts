import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import { Framer, isoTime } from '../../core/wire/event.ts';
import { wrapped } from '../mcap/format/bare-data.ts';
import type { RecordSink } from './mcap-sink.ts';
import type { WireMessage } from './wire-message.ts';

const FULL_BYTES = 1 << 20;
const LINE_FEED = Buffer.from('\n');

/**
 * Writes messages as lines of text, byte for byte; gzipped when the name ends in .gz. A message that is not a JSON object on
 * one line is written as an event that holds its bytes in base64 and plays as the message that it was.
 */
export class LinesFile implements RecordSink {
  bytes = 0;
  readonly #to: Gzip | PassThrough;
  readonly #done: Promise<void>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #wrappedCount = 0;

  constructor(path: string) {
    const packed = path.toLowerCase().endsWith('.gz');
    this.#to = packed ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : new PassThrough();
    this.#done = pipeline(this.#to, createWriteStream(path));
    this.#done.catch(() => {}); // `flush` and `end` await it.
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
  }

  #wrapped({ channel, bytes, timeMs, heardMs }: WireMessage, encoding: string): Buffer {
    const framer = new Framer({ channel, source: '/recorder' });
    const record = { timeMs, subject: channel, data: wrapped(bytes, encoding), bare: bytes };
    return Buffer.from(framer.frame(record, 1, ++this.#wrappedCount, isoTime(heardMs)));
  }

  async flush(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await Promise.race([new Promise((resolve) => this.#to.write(bytes, resolve)), this.#done]);
  }

  async end(): Promise<void> {
    await this.flush();
    this.#to.end();
    await this.#done;
  }
}
