import { parseEventJson } from '../../../core/wire/json-depth.ts';
import { sentence } from '../../../core/problems/errors.ts';
import type { CloudEvent, Position } from '../../../core/wire/event.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { LogBatch } from '../../../core/redis/log-batch.ts';
import { LogReader } from '../../../core/redis/log-reader.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { readSlice, type LogSlice } from './log-slice.ts';

/** The log is read at most this often. Clients are served less often; the first event after a silence is read at once. */
const REST_MS = 10;

/** A batch of the log, shared by all watchers: parsed at most once in each form. */
export class Arrival {
  readonly #batch: LogBatch;
  #events: CloudEvent[] | undefined;
  #lines: string[] = [];
  #slice: LogSlice | undefined;

  constructor(batch: LogBatch) {
    this.#batch = batch;
  }

  /** In order. Lines that are not JSON (only a foreign program can have written them) are left out. */
  get events(): CloudEvent[] {
    if (this.#events) return this.#events;
    const found = this.#batch.events.map((line) => ({ line, event: parsed(line) }));
    const readable = found.filter(({ event }) => event !== null);
    this.#lines = readable.map(({ line }) => line);
    return (this.#events = readable.map(({ event }) => event!));
  }

  /** The lines of `events`, in the same order. */
  get lines(): string[] {
    return this.events.length === 0 ? [] : this.#lines;
  }

  get slice(): LogSlice {
    return (this.#slice ??= readSlice(this.#batch));
  }
}

function parsed(line: string): CloudEvent | null {
  try {
    return parseEventJson(line) as CloudEvent | null;
  } catch {
    return null;
  }
}

/** Callbacks for a watched channel. */
export interface Watcher {
  /** The position from which the watcher receives everything. */
  started?(head: Position): void;
  arrived(arrival: Arrival): void;
  /** The channel went back: Redis lost its latest events. */
  rewound(): void;
}

/** Follows each watched channel's log once for all its watchers, from the channel's head on. */
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

  /** Once this resolves, the watcher receives every event that is written. Call the returned function to stop. @throws failure of Redis */
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
