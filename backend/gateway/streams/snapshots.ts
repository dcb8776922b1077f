import type { MarkedPosition } from '../../../core/wire/mark.ts';
import { readSnapshot } from '../../../core/redis/channel-store.ts';
import { readEntry, type LogEntry } from '../log/log-slice.ts';
import type { ChannelFeed } from './channel-feed.ts';

/** How long a snapshot is shared, so that a thousand clients that come at once cost one read. */
const SHARED_MS = 100;

export interface Snapshot {
  /** The position at which the snapshot is true. */
  at: MarkedPosition;
  /** The latest event of each subject. */
  entries: LogEntry[];
}

/** Reads the latest event of each subject of a channel, together with the position at which that is true. */
export class Snapshots {
  readonly #feed: ChannelFeed;
  #shared: Promise<Snapshot> | null = null;

  constructor(feed: ChannelFeed) {
    this.#feed = feed;
  }

  /** The tail holds what follows the snapshot, at least until the caller next awaits something. @throws failure of Redis */
  take(): Promise<Snapshot> {
    if (this.#shared) return this.#shared;
    const hold = this.#feed.tail.hold();
    const shared = this.#read();
    const over = (): void => {
      hold.release();
      if (this.#shared === shared) this.#shared = null;
    };
    shared.then(() => this.#feed.timers.after(SHARED_MS, over), over);
    return (this.#shared = shared);
  }

  async #read(): Promise<Snapshot> {
    const { redis, channel } = this.#feed;
    const { epoch, offset, mark, events } = await readSnapshot(redis, channel);
    await this.#feed.reached({ epoch, offset });
    const entries = events.flatMap((line) => readEntry(line) ?? []);
    return {
      at: { epoch, offset, mark },
      entries,
    };
  }
}
