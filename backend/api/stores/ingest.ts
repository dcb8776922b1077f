import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { dataValidator } from '../../../core/wire/channels.ts';
import type { Position } from '../../../core/wire/event.ts';
import {
  readIncoming,
  recordOf,
  type Arrival,
  type Incoming,
  type IncomingEvent,
} from '../../../core/wire/incoming-event.ts';
import type { ChannelQuota } from '../../../core/channels/quota.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { addDeadLetters } from '../../../core/redis/dead-letters.ts';
import { ChannelWriter } from '../../../core/writing/writer.ts';
import { explain } from '../../../schemas/index.ts';

/** A row that was refused, and why. */
export interface RefusedRow {
  index: number;
  reason: string;
}

/** What became of the rows of one request. */
export interface IngestResult {
  accepted: number;
  refused: RefusedRow[];
  /** Position of the channel after the last accepted event. */
  position: Position;
}

/** How rows are taken. */
export interface IngestOptions {
  /** The subject of rows that name none. */
  subject: string;
  /** The time of receipt, epoch ms. Default: now. */
  nowMs?: number;
  /** A name under which these rows are written once, however often they come. */
  once?: string | undefined;
}

const SOURCE = '/ingest';
const WRITERS_MAX = 1_000;

/** Writes rows that callers send onto channels. Each row is checked; refused rows go to the dead letters. */
export class Ingest {
  readonly #redis: Redis;
  readonly #quota: ChannelQuota;
  readonly #writers = new Map<string, ChannelWriter>();

  constructor(redis: Redis, quota: ChannelQuota) {
    this.#redis = redis;
    this.#quota = quota;
  }

  /** Tells that a channel was deleted: it counts as a new one from now on. */
  forget(channel: string): void {
    this.#quota.forget(channel);
  }

  /** Reads the rows of a request: each as an event, or as the reason why it is refused. */
  read(
    spec: ChannelSpec,
    { rows, areEvents, trace }: Incoming,
    { subject, nowMs = Date.now() }: IngestOptions,
  ): (IncomingEvent | string)[] {
    const isData = dataValidator(spec);
    const arrival: Arrival = {
      subject,
      nowMs,
      areEvents,
      trace,
      problemOf: (data) => (isData && !isData(data) ? explain(isData.errors, data) : null),
    };
    return rows.map((row) => readIncoming(row, arrival));
  }

  /** Writes the events of `read` in order, in one call, and reports what is wrong with the other rows. @throws refusal of the quota; failure of Redis */
  async write(
    spec: ChannelSpec,
    { rows }: Incoming,
    read: readonly (IncomingEvent | string)[],
    once?: string,
  ): Promise<IngestResult> {
    const refused = read.flatMap((each, index) =>
      typeof each === 'string' ? [{ index, reason: each }] : [],
    );
    const records = read.flatMap((each) => (typeof each === 'string' ? [] : [recordOf(each)]));
    if (records.length > 0) await this.#quota.enter([spec.name]);
    if (refused.length > 0) {
      await addDeadLetters(
        this.#redis,
        refused.map(({ index, reason }) => ({
          channel: spec.name,
          source: SOURCE,
          reason,
          content: rows[index]!.text,
        })),
      );
    }
    const position =
      records.length > 0
        ? await this.#writer(spec).emit(records, '', undefined, once)
        : await readHead(this.#redis, spec.name);
    return { accepted: records.length, refused, position };
  }

  /** Reads and writes the rows of a request. @throws failure of Redis */
  accept(spec: ChannelSpec, incoming: Incoming, options: IngestOptions): Promise<IngestResult> {
    return this.write(spec, incoming, this.read(spec, incoming, options), options.once);
  }

  /** The same for values instead of texts, as the actions of plugins have them. */
  take(spec: ChannelSpec, values: unknown[], subject: string): Promise<IngestResult> {
    const rows = values.map((value) => ({ text: JSON.stringify(value) ?? 'null', value }));
    return this.accept(spec, { rows }, { subject });
  }

  #writer(spec: ChannelSpec): ChannelWriter {
    // The declaration of a channel can change, and a writer is made for one declaration.
    const key = JSON.stringify(spec);
    let writer = this.#writers.get(key);
    if (!writer) {
      if (this.#writers.size >= WRITERS_MAX) this.#writers.clear();
      // A caller is told at once that Redis refuses, and sends again.
      writer = new ChannelWriter(this.#redis, spec, { source: SOURCE, isOver: () => true });
      this.#writers.set(key, writer);
    }
    return writer;
  }
}
