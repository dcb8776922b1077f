import type { CloudEvent, Position } from '../../core/wire/event.ts';
import { readSnapshot } from '../../core/redis/channel-store.ts';
import type { Stream } from './stream.ts';
import { readEntry, type Entry } from './log/log-slice.ts';

/** So long a snapshot serves everybody who asks: a thousand clients that come at once cost one. */
const SHARED_MS = 100;

export interface Snapshot {
  at: Position;
  /** The latest of each subject. */
  entries: Entry[];
  /** The same as events. */
  events(): CloudEvent[];
}

/** The latest event of each subject of a channel, read together with the position it is true for. */
export class Snapshots {
  readonly #stream: Stream;
  #shared: Promise<Snapshot> | null = null;

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** The tail has what comes after it, at least until the caller next waits. @throws failure of Redis */
  take(): Promise<Snapshot> {
    if (this.#shared) return this.#shared;
    const hold = this.#stream.tail.hold();
    const shared = this.#read();
    const over = (): void => {
      hold.release();
      if (this.#shared === shared) this.#shared = null;
    };
    shared.then(() => this.#stream.timers.after(SHARED_MS, over), over);
    return (this.#shared = shared);
  }

  async #read(): Promise<Snapshot> {
    const { redis, channel } = this.#stream;
    const { epoch, offset, events } = await readSnapshot(redis, channel);
    await this.#stream.reached({ epoch, offset });
    const entries = events.flatMap((line) => readEntry(line) ?? []);
    let parsed: CloudEvent[] | undefined;
    return {
      at: { epoch, offset },
      entries,
      events: () => (parsed ??= entries.map(({ line }) => JSON.parse(line) as CloudEvent)),
    };
  }
}
