import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Redis } from '../../core/redis/connection.ts';
import { sentence } from '../../core/problems/errors.ts';
import { Wiretap } from '../../core/redis/wiretap.ts';
import type { RecordSink } from './mcap-sink.ts';
import { wireMessage, type WireMessage } from './wire-message.ts';

/** Why a recording ended. */
export type StopReason = 'asked' | 'duration' | 'messages' | 'size' | 'disk' | 'failed';

export interface RecorderOptions {
  patterns: string[];
  /** Where the files are: its file system must not run full. */
  path: string;
  stopAfter?: { durationMs?: number; messages?: number; bytes?: number };
  /** The files may take so many bytes. */
  maxDiskBytes?: number;
}

export interface RecorderCounts {
  messages: number;
  /** Messages that were not heard, and found in the log. */
  filled: number;
  /** Messages that were not heard, nor in the log any more. */
  lost: number;
}

/** Where something is missing: a channel, an epoch, and about what time. */
interface MissingPlace {
  channel: string;
  epoch: number;
  timeMs: number;
}

/** Events about what could not be recorded are on this channel. */
const GAPS_CHANNEL = 'reprise.gaps';
const FLUSH_MS = 1_000;
/** Less room than this on the disk ends a recording, while it can still be ended in order. */
const FREE_MIN_BYTES = 100_000_000;
/** As much of a gap is fetched at once. */
const FILL_EVENTS = 1_000;

/**
 * Records what is on the wire, byte for byte. All that was heard more than a second ago is in the kernel's hands. A hole
 * in a channel's offsets is filled from its log; what the log no longer has is told by an event.
 */
export class Recorder {
  readonly counts: RecorderCounts = { messages: 0, filled: 0, lost: 0 };
  readonly channels = new Set<string>();
  /** Settles with the reason when the recording has ended and all is written. */
  readonly ended: Promise<StopReason>;
  /** What went wrong, when that ended it. */
  error: string | null = null;
  readonly #sink: RecordSink;
  readonly #options: RecorderOptions;
  readonly #positions = new Map<string, { epoch: number; offset: number; timeMs: number }>();
  readonly #startedMs = Date.now();
  #tap!: Wiretap;
  #heard: WireMessage[] = [];
  #working: Promise<void> = Promise.resolve();
  #stopped: StopReason | null = null;
  #end!: (reason: StopReason) => void;
  #timer: NodeJS.Timeout | undefined;

  private constructor(sink: RecordSink, options: RecorderOptions) {
    this.#sink = sink;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /** Records when it settles. */
  static async start(redis: Redis, sink: RecordSink, options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(sink, options);
    recorder.#tap = await Wiretap.start(redis, options.patterns, (channel, bytes) => {
      if (recorder.#stopped) return;
      recorder.#heard.push(wireMessage(channel, bytes, Date.now()));
      if (recorder.#heard.length === 1) recorder.#work();
    });
    recorder.#timer = setInterval(() => recorder.#work(true), FLUSH_MS);
    return recorder;
  }

  /** Ends the recording: all that was heard is written, and what was missed to the end is filled. */
  stop(reason: StopReason = 'asked'): void {
    if (this.#stopped) return;
    this.#stopped = reason;
    clearInterval(this.#timer);
    this.#working = this.#working.then(() => this.#finish());
  }

  /** Runs after all that was heard before it is in the sink. That it fails does not end the recording. */
  afterHeard<T>(work: () => Promise<T>): Promise<T> {
    const taken = this.#working.then(() => this.#take());
    const done = taken.then(work);
    this.#working = taken
      .then(() => Promise.allSettled([done]))
      .then(
        () => {},
        (error: unknown) => this.#fail(error),
      );
    return done;
  }

  /** One after the other: the order of the wire is kept also where a gap has to be filled in between. */
  #work(flush = false): void {
    this.#working = this.#working
      .then(async () => {
        await this.#take();
        if (flush) await this.#sink.flush();
        await this.#guard(flush);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  async #take(): Promise<void> {
    while (this.#heard.length > 0) {
      const heard = this.#heard;
      this.#heard = [];
      for (const message of heard) {
        await this.#follow(message);
        this.#write(message);
        if (this.#sink.full) await this.#sink.flush();
        const { messages = Infinity } = this.#options.stopAfter ?? {};
        if (this.counts.messages >= messages) return this.stop('messages');
      }
    }
  }

  #write(message: WireMessage): void {
    this.channels.add(message.channel);
    this.counts.messages++;
    this.#sink.add(message);
  }

  /** Fills what is missing between the channel's last event and this one. */
  async #follow({ channel, event, timeMs }: WireMessage): Promise<void> {
    if (!event || event.epoch === 0) return;
    const { epoch, offset } = event;
    const before = this.#positions.get(channel);
    if (before && (epoch < before.epoch || (epoch === before.epoch && offset <= before.offset))) return;
    this.#positions.set(channel, { epoch, offset, timeMs });
    if (!before) return;
    const from = epoch === before.epoch ? before.offset + 1 : 1;
    await this.#fill({ channel, epoch, timeMs }, from, offset - 1);
  }

  async #fill(place: MissingPlace, from: number, to: number): Promise<void> {
    const { channel, epoch } = place;
    for (let at = from; at <= to;) {
      const end = Math.min(to, at + FILL_EVENTS - 1);
      for (const { offset, event } of await this.#tap.logged(channel, epoch, at, end)) {
        if (offset > at) this.#tellGap(place, at, offset - 1);
        this.counts.filled++;
        this.#write(wireMessage(channel, event, Date.now()));
        at = offset + 1;
      }
      if (at <= end) this.#tellGap(place, at, end);
      at = end + 1;
      if (this.#sink.full) await this.#sink.flush();
    }
  }

  #tellGap({ channel, epoch, timeMs }: MissingPlace, from: number, to: number): void {
    this.counts.lost += to - from + 1;
    const gap = { channel, epoch, from, to, reason: 'neither heard nor in the log' };
    const bytes = Buffer.from(JSON.stringify(gap));
    this.#sink.add({ channel: GAPS_CHANNEL, bytes, heardMs: Date.now(), timeMs, event: null });
  }

  async #guard(look: boolean): Promise<void> {
    const { stopAfter = {}, maxDiskBytes = Infinity, path } = this.#options;
    const { bytes } = this.#sink;
    if (bytes >= (stopAfter.bytes ?? Infinity)) this.stop('size');
    else if (Date.now() - this.#startedMs >= (stopAfter.durationMs ?? Infinity)) this.stop('duration');
    else if (bytes >= maxDiskBytes) this.stop('disk');
    else if (look) {
      const { bavail, bsize } = await statfs(dirname(path));
      if (bavail * bsize < FREE_MIN_BYTES) this.stop('disk');
    }
  }

  async #finish(): Promise<void> {
    try {
      if (this.#stopped === 'asked' || this.#stopped === 'duration') {
        await this.#take();
        await this.#catchUp();
      }
      await this.#sink.end();
    } catch (error) {
      this.error = sentence(error);
      this.#stopped = 'failed';
    }
    this.#tap.close();
    this.#end(this.#stopped!);
  }

  /** What was said last while nobody listened shows only in where the channels stand. */
  async #catchUp(): Promise<void> {
    for (const [channel, { epoch, offset, timeMs }] of this.#positions) {
      const head = await this.#tap.head(channel).catch(() => ({ epoch: 0, offset: 0 }));
      const from = head.epoch === epoch ? offset + 1 : 1;
      if (head.epoch >= epoch) await this.#fill({ channel, epoch: head.epoch, timeMs }, from, head.offset);
    }
  }

  #fail(error: unknown): void {
    this.error = sentence(error);
    this.stop('failed');
  }
}
