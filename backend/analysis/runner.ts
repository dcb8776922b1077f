import type { ChannelSpec } from '../../core/channels.ts';
import {
  comparePositions,
  Framer,
  timeMsOf,
  type Event,
  type Position,
  type Record,
} from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import { LogReader, type LogBatch } from '../../core/reader.ts';
import type { Redis } from '../../core/redis.ts';
import { readHead } from '../../core/store.ts';
import { commit, readCheckpoint, stayAttached, type Work } from './checkpoint.ts';
import type { Service } from './service.ts';

/** So long after its last sign of life a replay still waits for a service: time enough for a restart. */
const ATTACHED_MS = 30_000;
const IDLE_SIGN_MS = 5_000;
/** A slow service commits what it has after this, so that its outputs flow and the services beside it get their turn. */
const SLICE_MS = 25;

export interface RunnerParts {
  redis: Redis;
  name: string;
  service: Service<unknown>;
  input: string;
  output: ChannelSpec;
  log: Logger;
}

/**
 * Runs one service: reads its input's log from where it had committed, and commits outputs, state and position in one
 * step per batch. Killed at any instant, it goes on as if nothing had been; run twice by mistake, one of the two finds
 * its commits refused and starts over from the other's.
 */
export class ServiceRunner {
  readonly name: string;
  readonly #parts: RunnerParts;
  #reader: LogReader | null = null;
  #closed = false;
  #position: Position | null = null;
  /** Whether the position is in Redis; a service's first commit creates its checkpoint. */
  #committed = false;
  #head: Position = { epoch: 0, offset: 0 };
  /** State per subject as it is in Redis, parsed when first needed. */
  #states = new Map<string, unknown>();
  #lost = 0;
  #framers = new Map<string | undefined, Framer>();

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.name = parts.name;
  }

  /** Input events that had left the log before they were read. */
  get lost(): number {
    return this.#lost;
  }

  get position(): Position | null {
    return this.#position;
  }

  /** Runs until closed. */
  async run(): Promise<void> {
    const { redis, name, input, log } = this.#parts;
    const signs = setInterval(() => {
      if (this.#position)
        stayAttached(redis, name, input, this.#position, Date.now() + ATTACHED_MS).catch(() => {});
    }, IDLE_SIGN_MS);
    try {
      while (!this.#closed) {
        await this.#load();
        this.#reader = new LogReader(redis);
        this.#reader.add(input, this.#position!);
        try {
          await this.#follow(this.#reader);
        } finally {
          this.#reader.close();
        }
        if (!this.#closed)
          log.warn(
            { service: name },
            'another process went on with this service; starting over from its checkpoint',
          );
      }
    } finally {
      clearInterval(signs);
    }
  }

  close(): void {
    this.#closed = true;
    this.#reader?.close();
  }

  async #load(): Promise<void> {
    const { redis, name, input, output } = this.#parts;
    const { positions, states } = await readCheckpoint(redis, name);
    const known = positions.get(input);
    this.#committed = known !== undefined;
    // A new service begins with the epoch under way: all of it, as far as the log goes back.
    this.#position = known ?? { epoch: (await readHead(redis, input)).epoch, offset: 0 };
    this.#states = new Map([...states].map(([subject, text]) => [subject, JSON.parse(text) as unknown]));
    this.#head = await readHead(redis, output.name);
    await stayAttached(redis, name, input, this.#position, Date.now() + ATTACHED_MS);
  }

  /** Returns when closed, or when the checkpoint turns out to be ahead of this process. */
  async #follow(reader: LogReader): Promise<void> {
    for await (const batches of reader.batches()) {
      for (const batch of batches) {
        for (let rest: LogBatch | null = batch; rest;) {
          const handled = await this.#handle(rest);
          if (handled === 0) return;
          rest = tail(rest, handled);
        }
      }
      if (this.#closed) return;
    }
  }

  /** Commits as much of a batch as a slice of time allows; answers how many events, 0 when another process is ahead. */
  async #handle(batch: LogBatch): Promise<number> {
    const { name, log, output, redis, input } = this.#parts;
    const before = this.#position!;
    if (batch.lost > 0) {
      this.#lost += batch.lost;
      log.warn(
        { service: name, channel: input, lost: batch.lost },
        'events left the log before they were read',
      );
    }
    const fresh = batch.epoch > before.epoch || !this.#committed;
    if (fresh) this.#states.clear();
    const { records, framers, changed, handled } = this.#derive(batch);
    const to = { epoch: batch.epoch, offset: batch.from + handled - 1 };
    for (;;) {
      // The output's epoch rises with the input's, and where a service begins anew over what an earlier one wrote.
      const from = fresh
        ? { epoch: Math.max(this.#head.epoch + 1, batch.epoch), offset: 0 }
        : this.#head.epoch === 0
          ? { epoch: 1, offset: 0 }
          : this.#head;
      const sent = new Date().toISOString();
      const events = records.map((record, i) =>
        framers[i]!.frame(record, from.epoch, from.offset + 1 + i, sent),
      );
      const work: Work = {
        service: name,
        attachedUntilMs: Date.now() + ATTACHED_MS,
        forget: fresh,
        inputs: [{ channel: input, from: this.#committed ? before : null, to }],
        states: changed,
        output: { spec: output, head: this.#head, from, records, events },
      };
      const result = await commit(redis, work);
      // A connection that broke after the commit sends it again: then Redis already stands where it would put us.
      if (
        result.done ||
        ('position' in result && result.position && comparePositions(result.position, to) === 0)
      ) {
        this.#position = to;
        this.#committed = true;
        this.#head = { epoch: from.epoch, offset: from.offset + records.length };
        return handled;
      }
      if ('position' in result) return 0;
      this.#head = result.head;
    }
  }

  #derive(batch: LogBatch): {
    records: Record[];
    framers: Framer[];
    changed: Map<string, string>;
    handled: number;
  } {
    const records: Record[] = [];
    const framers: Framer[] = [];
    const touched = new Set<string>();
    const untilMs = performance.now() + SLICE_MS;
    let handled = 0;
    for (const line of batch.events) {
      if (handled > 0 && performance.now() > untilMs) break;
      handled++;
      const event = JSON.parse(line) as Event;
      const context = { timeMs: timeMsOf(event.time), state: this.#states.get(event.subject) ?? null };
      const before = context.state;
      for (const { data, subject, timeMs } of this.#parts.service.receive(event, context)) {
        framers.push(this.#framer(event.replay));
        records.push({
          subject: subject ?? event.subject,
          timeMs: timeMs ?? context.timeMs,
          data: JSON.stringify(data),
          // What is derived from what is not new is not new either.
          ...(event.restored && { extra: ',"restored":true' }),
        });
      }
      if (context.state === before) continue;
      touched.add(event.subject);
      if (context.state === null) this.#states.delete(event.subject);
      else this.#states.set(event.subject, context.state);
    }
    const changed = new Map(
      [...touched].map((subject) => [
        subject,
        this.#states.has(subject) ? JSON.stringify(this.#states.get(subject)) : '',
      ]),
    );
    return { records, framers, changed, handled };
  }

  /** What is derived from replayed data is marked as replayed too. */
  #framer(replay: string | undefined): Framer {
    let framer = this.#framers.get(replay);
    if (!framer) {
      framer = new Framer({ channel: this.#parts.output.name, source: `/services/${this.name}`, replay });
      this.#framers.set(replay, framer);
    }
    return framer;
  }
}

/** What is left of a batch after its first events. */
function tail(batch: LogBatch, handled: number): LogBatch | null {
  if (handled === batch.events.length) return null;
  return { ...batch, from: batch.from + handled, events: batch.events.slice(handled), lost: 0 };
}
