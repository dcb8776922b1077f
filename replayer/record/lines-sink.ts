import { createWriteStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, type Gzip } from 'node:zlib';
import type { RecordSink } from './mcap-sink.ts';
import type { WireMessage } from './wire-message.ts';

const FULL_BYTES = 1 << 20;
const LINE_FEED = Buffer.from('\n');

/** Writes messages as lines of text, byte for byte except for line ends inside them; gzipped when the name ends in .gz. */
export class LinesFile implements RecordSink {
  bytes = 0;
  readonly #to: Gzip | PassThrough;
  readonly #done: Promise<void>;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  constructor(path: string) {
    const packed = path.toLowerCase().endsWith('.gz');
    this.#to = packed ? createGzip({ flush: constants.Z_SYNC_FLUSH }) : new PassThrough();
    this.#done = pipeline(this.#to, createWriteStream(path));
    this.#done.catch(() => {}); // `flush` and `end` await it.
  }

  get full(): boolean {
    return this.#waitingBytes >= FULL_BYTES;
  }

  add({ bytes }: WireMessage): void {
    const line = bytes.includes(10) ? Buffer.from(bytes.toString().replaceAll(/\s*\n\s*/g, ' ')) : bytes;
    this.#waiting.push(line, LINE_FEED);
    this.#waitingBytes += line.length + 1;
    this.bytes += line.length + 1;
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
