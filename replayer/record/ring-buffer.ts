import { existsSync } from 'node:fs';
import type { RecordSink } from './mcap-sink.ts';
import { removeFile, withSuffix } from './split-file.ts';
import type { WireMessage } from './wire-message.ts';

/** Bound on the memory of a ring buffer, whatever its length. */
const RING_MAX_BYTES = 1 << 28;
/** Estimated memory of a message besides its bytes. */
const OVERHEAD_BYTES = 300;

/** Keeps the messages of the last seconds or minutes in memory, and writes them to a file when asked to. */
export class RingBuffer implements RecordSink {
  readonly full = false;
  bytes = 0;
  /** The snapshots written so far. */
  readonly paths: string[] = [];
  readonly lengthMs: number;
  readonly #path: string;
  readonly #create: (path: string) => Promise<RecordSink>;
  #messages: WireMessage[] = [];
  /** Index of the oldest message that is still kept. */
  #first = 0;

  constructor(lengthMs: number, path: string, create: (path: string) => Promise<RecordSink>) {
    this.lengthMs = lengthMs;
    this.#path = path;
    this.#create = create;
  }

  add(message: WireMessage): void {
    this.#messages.push({ ...message, value: undefined });
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

  /** Writes the messages held now to a new file, or leaves none. @throws the error of the disk */
  async snapshot(): Promise<{ path: string; messages: number }> {
    await this.flush();
    const held = [...this.#messages];
    const path = this.#newPath();
    try {
      await this.#write(await this.#create(path), held);
    } catch (error) {
      // What was written of it would take the room of the next one.
      await removeFile(path);
      throw error;
    }
    this.paths.push(path);
    return { path, messages: held.length };
  }

  async #write(file: RecordSink, held: WireMessage[]): Promise<void> {
    try {
      for (const message of held) {
        file.add(message);
        if (file.full) await file.flush();
      }
      await file.end();
    } catch (error) {
      await file.endAfterFailure();
      throw error;
    }
  }

  /** What it holds can still be written. */
  get written(): number {
    return this.#messages.length - this.#first;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  endAfterFailure(): Promise<void> {
    return Promise.resolve();
  }

  /** A path named by the time. Several snapshots in one millisecond get a number, too. */
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
