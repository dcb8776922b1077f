import { existsSync } from 'node:fs';
import type { RecordSink } from './mcap-sink.ts';
import { withSuffix } from './split-file.ts';
import type { WireMessage } from './wire-message.ts';

/** A ring takes no more memory than this, whatever its length. */
const RING_MAX_BYTES = 1 << 28;
/** Of an object, its message and its place. */
const OVERHEAD_BYTES = 300;

/** Keeps the last stretch of time in memory, and writes it to a file when it is asked to. */
export class RingBuffer implements RecordSink {
  readonly full = false;
  bytes = 0;
  readonly paths: string[] = [];
  readonly lengthMs: number;
  readonly #path: string;
  readonly #create: (path: string) => Promise<RecordSink>;
  #messages: WireMessage[] = [];
  #first = 0;

  constructor(lengthMs: number, path: string, create: (path: string) => Promise<RecordSink>) {
    this.lengthMs = lengthMs;
    this.#path = path;
    this.#create = create;
  }

  add(message: WireMessage): void {
    this.#messages.push(message);
    this.bytes += message.bytes.length + OVERHEAD_BYTES;
    while (this.bytes > RING_MAX_BYTES) this.#drop();
  }

  flush(): Promise<void> {
    const oldestMs = Date.now() - this.lengthMs;
    while (this.#first < this.#messages.length && this.#messages[this.#first]!.heardMs < oldestMs)
      this.#drop();
    this.#messages = this.#messages.slice(this.#first);
    this.#first = 0;
    return Promise.resolve();
  }

  /** Writes what the ring holds now to a file of its own. */
  async snapshot(): Promise<{ path: string; messages: number }> {
    await this.flush();
    const held = [...this.#messages];
    const path = this.#newPath();
    const file = await this.#create(path);
    for (const message of held) {
      file.add(message);
      if (file.full) await file.flush();
    }
    await file.end();
    this.paths.push(path);
    return { path, messages: held.length };
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  /** Named by the time; there may be two in a millisecond. */
  #newPath(): string {
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
    for (let n = 1; ; n++) {
      const path = withSuffix(this.#path, n === 1 ? stamp : `${stamp}-${n}`);
      if (!existsSync(path)) return path;
    }
  }

  #drop(): void {
    this.bytes -= this.#messages[this.#first++]!.bytes.length + OVERHEAD_BYTES;
  }
}
