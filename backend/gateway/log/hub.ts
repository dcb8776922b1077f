import { sentence } from '../../../core/problems/errors.ts';
import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { Logger } from '../../../core/logging/log.ts';
import { LogReader, type LogBatch } from '../../../core/redis/log-reader.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { readStretch, type Stretch } from './log-slice.ts';

/** Clients are served more rarely than this, but for the first event after a silence, which comes at once. */
const REST_MS = 10;

/** A log batch that is read at most once in each way, however many look. */
export class Arrival {
  readonly #batch: LogBatch;
  #events: CloudEvent[] | undefined;
  #stretch: Stretch | undefined;

  constructor(batch: LogBatch) {
    this.#batch = batch;
  }

  /** In order. A line that is no event, which only a stranger can have put into the log, is left out. */
  get events(): CloudEvent[] {
    return (this.#events ??= this.#batch.events.flatMap((line) => parsed(line) ?? []));
  }

  get stretch(): Stretch {
    return (this.#stretch ??= readStretch(this.#batch));
  }
}

function parsed(line: string): CloudEvent | null {
  try {
    return JSON.parse(line) as CloudEvent | null;
  } catch {
    return null;
  }
}

/** What happens on a watched channel. */
export interface Watcher {
  /** The channel stands here; what comes after will arrive. */
  started?(head: Position): void;
  arrived(arrival: Arrival): void;
  /** The channel now stands before where it was: Redis lost what was last written. */
  rewound(): void;
}

/** Reads each watched channel once for all who watch it, from the channel's head on. */
export class Hub {
  readonly #redis: Redis;
  readonly #reader: LogReader;
  readonly #log: Logger;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #starting = new Map<string, Promise<void>>();

  constructor(redis: Redis, log: Logger) {
    this.#redis = redis;
    this.#log = log;
    this.#reader = new LogReader(redis, {
      restMs: REST_MS,
      rewound: (channel) => {
        for (const watcher of this.#watchers.get(channel) ?? []) watcher.rewound();
      },
    });
    void this.#pump();
  }

  /** From when this settles, the watcher hears every event that is written; call the answer to stop. */
  async watch(channel: string, watcher: Watcher): Promise<() => void> {
    const watchers = this.#watchers.get(channel) ?? new Set();
    this.#watchers.set(channel, watchers.add(watcher));
    const stop = () => {
      watchers.delete(watcher);
      if (watchers.size > 0 || this.#watchers.get(channel) !== watchers) return;
      this.#watchers.delete(channel);
      this.#starting.delete(channel);
      this.#reader.remove(channel);
    };
    if (!this.#starting.has(channel)) this.#starting.set(channel, this.#start(channel, watchers));
    await this.#starting.get(channel)!.catch((error: unknown) => {
      stop();
      throw error;
    });
    watcher.started?.(this.#reader.position(channel) ?? { epoch: 0, offset: 0 });
    return stop;
  }

  close(): void {
    this.#reader.close();
  }

  async #start(channel: string, watchers: Set<Watcher>): Promise<void> {
    const head = await readHead(this.#redis, channel);
    if (this.#watchers.get(channel) === watchers) this.#reader.add(channel, head);
  }

  async #pump(): Promise<void> {
    for await (const batches of this.#reader.batches()) {
      for (const batch of batches) {
        const arrival = new Arrival(batch);
        for (const watcher of [...(this.#watchers.get(batch.channel) ?? [])]) {
          try {
            watcher.arrived(arrival);
          } catch (error) {
            this.#log.error({ channel: batch.channel }, sentence(error));
          }
        }
      }
    }
  }
}
